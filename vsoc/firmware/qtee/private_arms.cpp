// SPDX-License-Identifier: BSD-3-Clause

#include "private_arms.hpp"

namespace qtee::fw {

bool Arms::set(const vsoc::ArmRequest& request) {
  if (request.kind == 0 || request.kind >= kKinds) return false;
  const std::uint32_t bit = 1u << request.kind;
  SpinGuard guard(lock_);
  arms_[request.kind] = {request.skip, request.count};
  const std::uint32_t armed = armed_.load(std::memory_order_relaxed);
  armed_.store(request.count == 0 ? armed & ~bit : armed | bit, std::memory_order_relaxed);
  return true;
}

bool Arms::take_slow(vsoc::ArmKind kind) {
  const auto index = static_cast<std::uint32_t>(kind);
  SpinGuard guard(lock_);
  Arm& arm = arms_[index];
  if (arm.count == 0) return false;
  if (arm.skip != 0) {
    --arm.skip;
    return false;
  }
  if (--arm.count == 0) {
    armed_.store(armed_.load(std::memory_order_relaxed) & ~(1u << index), std::memory_order_relaxed);
  }
  return true;
}

}  // namespace qtee::fw
