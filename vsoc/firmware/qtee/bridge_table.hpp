// SPDX-License-Identifier: BSD-3-Clause
//
// SHM bridges: the memory that QTEE may touch, once bridges are enabled.
#pragma once

#include <atomic>
#include <cstdint>

#include "spinlock.hpp"

namespace qtee::fw {

inline constexpr std::uint32_t kPermRead = 4;
inline constexpr std::uint32_t kPermWrite = 2;
inline constexpr std::uint32_t kPermExec = 1;
inline constexpr std::uint32_t kPermReadWrite = kPermRead | kPermWrite;

// Bridges never overlap. A range is covered if live bridges with the permissions lie over all of it, be it several that
// adjoin. Who works in a range holds its bridges; a held bridge can't be deleted.
//
// Locking: one lock, over a binary search and a few words.
class BridgeTable {
 public:
  enum class Status { ok, overlap, full, unknown, busy };

  bool start();
  void enable() { enabled_.store(true, std::memory_order_release); }
  bool enabled() const { return enabled_.load(std::memory_order_acquire); }

  // `paddr` and `size` are whole pages of non-secure RAM. The handle is never 0 and never comes again.
  Status create(std::uint64_t paddr, std::uint64_t size, std::uint32_t perms, std::uint64_t& handle);
  Status remove(std::uint64_t handle);

  // Holds the bridges over a range; false, holding none, where it is not covered.
  bool hold(std::uint64_t paddr, std::uint64_t size, std::uint32_t perms);
  // Lets go what hold() with the same range held.
  void let_go(std::uint64_t paddr, std::uint64_t size);
  // How many there are, and how many times they are held.
  std::uint64_t count(std::uint64_t& holders);

 private:
  struct Bridge {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t handle;
    std::uint32_t perms;
    std::uint32_t holders;
  };
  static constexpr std::uint32_t kCapacity = 4096;

  std::uint32_t first_ending_behind(std::uint64_t paddr) const;

  std::atomic<bool> enabled_{false};
  Spinlock lock_;
  Bridge* bridges_ = nullptr;  // by start, disjoint
  std::uint32_t count_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace qtee::fw
