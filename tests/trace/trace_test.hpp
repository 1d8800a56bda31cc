// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "alive.hpp"
#include "event.hpp"
#include "file.hpp"
#include "kernel_trace.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {

using Names = std::vector<std::string>;

/// All events of the driver are on, and what earlier tests left to the background is done. They are switched once for
/// all tests of a kind: on a debug kernel that takes seconds.
class TraceTest : public UserTest {
 protected:
  static void SetUpTestSuite() {
    trace_ = std::make_unique<KernelTrace>(std::vector<std::string>{"qtee:"}, KernelTrace::Of::everybody);
  }
  static void TearDownTestSuite() { trace_.reset(); }
  void SetUp() override {
    service_.report_until([](const vsoc::Report& report) { return report.ns_releases_queued == 0; });
    releases_done();
  }

  /// The events that `work` causes, in all threads.
  Events record(const std::function<void()>& work) {
    trace_->start();
    work();
    const std::vector<std::string> lines = trace_->stop();
    EXPECT_EQ(trace_->lost(), 0u);
    return Events(lines);
  }

  /// Waits until the driver has sent all its releases.
  static void releases_done() {
    const DriverNumber pending("objects/releases_pending");
    for (int i = 0; i < 1000 && pending.now(); ++i) std::this_thread::sleep_for(2ms);
    EXPECT_EQ(pending.now(), 0u);
  }

  static std::string transport() { return file_read(driver_folder() + "objects/transport"); }

  int fd() const { return service_.object().fd(); }

  static inline std::unique_ptr<KernelTrace> trace_;
};

}  // namespace qtee::test
