// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tool.hpp"
#include "user_test.hpp"

namespace qtee::test {

/// Load with delays of known length in known phases. What is called has ids and operations of the private service's.
class BpfTest : public UserTest {
 protected:
  static constexpr std::uint64_t kDelay = 20'000'000;  // ns
  static constexpr std::uint32_t kCallbackOp = 7;

  static std::string own_pid() { return std::to_string(::getpid()); }
  static std::uint32_t number(vsoc::Op op) { return static_cast<std::uint32_t>(op); }

  void null(unsigned count) {
    for (unsigned i = 0; i < count; ++i) service_.null();
  }
  /// The secure world takes its time.
  void work(unsigned count) {
    for (unsigned i = 0; i < count; ++i) service_.object().call(vsoc::Op::work, kDelay);
  }
  void fail(unsigned count) {
    for (unsigned i = 0; i < count; ++i) (void)service_.object().try_call(vsoc::Op::fail, std::int32_t{12});
  }
  /// A server in this process takes its time for each of so many callbacks of one call.
  void call_back(unsigned count, unsigned callbacks = 1) {
    for (unsigned i = 0; i < count; ++i)
      service_.object().call(vsoc::Op::callback, vsoc::CallbackRequest{kCallbackOp, callbacks}, slow_);
  }

  void TearDown() override {
    slow_ = {};
    EXPECT_TRUE(all_released(server_));
  }

  CallbackServer server_;
  CallbackObject slow_ = server_.add([](CallbackRequest&) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kDelay));
    return Result::ok;
  });
};

}  // namespace qtee::test
