// SPDX-License-Identifier: BSD-3-Clause
//
// Answers of the secure world that only the driver sees: users must not notice them.
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

class TransportTest : public UserTest {
 protected:
  void TearDown() override {
    for (const ArmKind kind : {ArmKind::busy, ArmKind::interrupted, ArmKind::sleep}) service_.arm(kind, 0);
  }
};

TEST_F(TransportTest, BusyIsTriedAgain) {
  service_.arm(ArmKind::busy, 3);
  EXPECT_EQ(service_.object().call<std::uint32_t>(Op::echo, 5u), 5u);
  EXPECT_GE(service_.counters().answers_busy, 3u);
}

TEST_F(TransportTest, BusyForTooLongIsAnErrorThatCanBeRetried) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  constexpr std::uint32_t kBusy = 30;  // the kernel tries 22 times, every 30 ms
  service_.arm(ArmKind::busy, kBusy);
  const auto outcome = service_.object().try_call(Op::hold, own);
  EXPECT_EQ(outcome.error(), std::errc::resource_unavailable_try_again) << outcome.error().message();
  EXPECT_EQ(own.references(), 0u);
  service_.null();  // what is left of it passes
}

TEST_F(TransportTest, InterruptedCallsGoOn) {
  const auto before = service_.counters();
  service_.arm(ArmKind::interrupted, 5);
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(service_.object().call<std::uint32_t>(Op::echo, i), i);
  EXPECT_GE(service_.counters().smc_reentry, before.smc_reentry + 5);
}

TEST_F(TransportTest, InterruptedCallbacksGoOn) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest& call) {
    call.set_output(0, call.input(0));
    return Result::ok;
  });
  service_.arm(ArmKind::interrupted, 20, 1);
  EXPECT_EQ(service_.object().call<std::uint32_t>(Op::callback, vsoc::CallbackRequest{0, 10}, 7u, own), 7u);
  EXPECT_TRUE(all_released(server));
}

TEST_F(TransportTest, SleepingCallsAreResumed) {
  const auto armed =
      service_.object().try_call(Op::arm, vsoc::ArmRequest{static_cast<std::uint32_t>(ArmKind::sleep), 3, 0});
  if (armed.error() == make_error_code(Result::unavailable)) GTEST_SKIP() << "no wait-queue interrupt here";
  ASSERT_TRUE(armed);
  EXPECT_EQ(service_.object().call<std::uint32_t>(Op::echo, 5u), 5u);
  EXPECT_EQ(service_.object().call<std::uint32_t>(Op::echo, 6u), 6u);
}

}  // namespace
}  // namespace qtee::test
