// SPDX-License-Identifier: BSD-3-Clause
//
// The firmware's only lock: fair, never held while an operation runs, never held across an SMC.
//
// Lock order, outer first. A path may skip levels and never goes back:
//   call table bucket, deferral table > object table slot > NS table bucket > bridge table > handed-out list >
//   asynchronous queue > heap. No lock of one level is taken inside another of the same level.
#pragma once

#include <atomic>
#include <cstdint>

namespace qtee::fw {

// Tells the machine that this CPU waits.
void spinlock_relax();

// Ticket lock: CPUs enter in the order they came.
class Spinlock {
 public:
  void lock() {
    const std::uint32_t mine = next_.fetch_add(1, std::memory_order_relaxed);
    while (serving_.load(std::memory_order_acquire) != mine) spinlock_relax();
  }
  void unlock() { serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  std::atomic<std::uint32_t> next_{0};
  std::atomic<std::uint32_t> serving_{0};
};

// Holds a lock for a scope.
class SpinGuard {
 public:
  explicit SpinGuard(Spinlock& lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() { lock_.unlock(); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  Spinlock& lock_;
};

}  // namespace qtee::fw
