// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>

#include "parameter.hpp"
#include "pinned.hpp"
#include "vsoc_service.hpp"

namespace qtee::test {

/// Whether it comes true within some seconds.
inline bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

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

/// While this lives the driver makes and gives back no message buffers in the background, and this thread stays with
/// those of its CPU: what is counted is this thread's doing.
class Still final {
 public:
  /// Waits until all is quiet. Throws std::runtime_error.
  explicit Still(const vsoc::Service& service) {
    if (!quiet(service)) throw std::runtime_error("somebody speaks to QTEE all the time");
  }

 private:
  Parameter spare_{"messages_spare", 0};
  Parameter trim_{"trim_ms", 3'600'000};
  Pinned pinned_;
};

}  // namespace qtee::test
