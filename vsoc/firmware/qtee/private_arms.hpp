// SPDX-License-Identifier: BSD-3-Clause
//
// Answers that the private service armed: coming SMCs take them.
#pragma once

#include <atomic>
#include <cstdint>
#include <vsoc/service.hpp>

#include "spinlock.hpp"

namespace qtee::fw {

// Locking: one lock, taken only while something is armed.
class Arms {
 public:
  // Replaces what is armed of the kind. False for an unknown kind.
  bool set(const vsoc::ArmRequest& request);
  // Whether this SMC is to answer so. Cheap where nothing is armed.
  bool take(vsoc::ArmKind kind) {
    const std::uint32_t bit = 1u << static_cast<std::uint32_t>(kind);
    return (armed_.load(std::memory_order_relaxed) & bit) != 0 && take_slow(kind);
  }

 private:
  static constexpr std::uint32_t kKinds = 6;
  struct Arm {
    std::uint64_t skip = 0;
    std::uint32_t count = 0;
  };
  bool take_slow(vsoc::ArmKind kind);

  std::atomic<std::uint32_t> armed_{0};  // a bit per kind with a count
  Spinlock lock_;
  Arm arms_[kKinds];
};

}  // namespace qtee::fw
