// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <thread>

#include "vsoc_service.hpp"

namespace qtee::test {

/// Waits until nobody but this thread speaks to QTEE: what was idle is given back and its bridge deleted, spare buffers
/// are made and bridged. False when that does not end.
inline bool quiet(const vsoc::Service& service) {
  for (int i = 0; i < 300; ++i) {
    const auto before = service.counters().smc_total;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (service.counters().smc_total == before + 1) return true;
  }
  return false;
}

}  // namespace qtee::test
