// SPDX-License-Identifier: BSD-3-Clause
//
// EBUSY, INTERRUPTED, WAITQ_SLEEP and the bound of contexts.

#include <set>
#include <thread>

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

std::int64_t status(const SmcFrame& frame) { return static_cast<std::int64_t>(frame.x[0]); }

class DeferralTest : public Core {
 protected:
  // A null invocation's first SMC.
  SmcFrame begin() {
    in_ = linux_.memory(4096);
    out_ = linux_.memory(4096);
    const std::uint32_t words[] = {service, 0, 0};
    std::memcpy(in_.bytes.data(), words, sizeof words);
    return linux_.smc(0x72000602, 0x224, in_.paddr, 4096, out_.paddr, 4096);
  }
  SmcFrame reenter(std::uint64_t session) { return linux_.smc(1, 0x224, in_.paddr, 4096, out_.paddr, 4096, session); }
  Memory in_;
  Memory out_;
};

TEST_F(DeferralTest, BusyIsAnsweredAsOftenAsArmed) {
  arm(vsoc::ArmKind::busy, 3, 1);
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  EXPECT_EQ(linux_.busy_seen, 0u);
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  EXPECT_EQ(linux_.busy_seen, 3u);
  EXPECT_EQ(linux_.counters(service).answers_busy, 3u);
  expect_clean();
}

TEST_F(DeferralTest, BusyLooksAtNothing) {
  arm(vsoc::ArmKind::busy, 1);
  EXPECT_EQ(status(linux_.smc(0x72000602, 0x224, 3, 3, 3, 3)), -12);
  expect_clean();
}

TEST_F(DeferralTest, InterruptedCallsGoOn) {
  arm(vsoc::ArmKind::interrupted, 5);
  const Bytes text = bytes_of_text("carry on");
  const Answer answer = op(vsoc::Op::echo, {.ins = {text}, .outs = {20}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.outs[0], text);
  // Callback responses are interrupted too.
  int calls = 0;
  const Id callee = linux_.object([&](const Request&) {
    ++calls;
    return Reply{};
  });
  EXPECT_TRUE(op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{0, 3})}, .objects = {callee}}).ok());
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(linux_.interrupted_seen, 5u);
  EXPECT_EQ(linux_.counters(service).smc_reentry, 5u);
  expect_clean();
}

TEST_F(DeferralTest, ReentryMustBeTheSameCall) {
  arm(vsoc::ArmKind::interrupted, 1);
  const SmcFrame first = begin();
  ASSERT_EQ(status(first), 1);
  EXPECT_EQ(linux_.report(service).calls_in_flight, 1u);
  EXPECT_EQ(status(reenter(first.x[6] + 1)), -2);
  EXPECT_EQ(status(linux_.smc(1, 0x224, in_.paddr, 4096, in_.paddr, 4096, first.x[6])), -2);
  EXPECT_EQ(status(reenter(first.x[6])), 0);
  EXPECT_EQ(status(reenter(first.x[6])), -2);
  expect_clean(3);
}

TEST_F(DeferralTest, SleepingCallsAreWokenAndGoOn) {
  arm(vsoc::ArmKind::sleep, 4);
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  const Id callee = linux_.object([](const Request&) { return Reply{}; });
  EXPECT_TRUE(op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{0, 3})}, .objects = {callee}}).ok());
  EXPECT_EQ(linux_.slept_seen, 4u);
  EXPECT_EQ(linux_.counters(service).smc_resume, 4u);
  EXPECT_EQ(status(linux_.smc(0xC2002403)), -2);  // nobody left to be woken
  expect_clean();
}

TEST_F(DeferralTest, InterruptedThenAsleep) {
  arm(vsoc::ArmKind::sleep, 1, 1);
  arm(vsoc::ArmKind::interrupted, 1);
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  EXPECT_EQ(linux_.interrupted_seen, 1u);
  EXPECT_EQ(linux_.slept_seen, 1u);
  expect_clean();
}

TEST_F(DeferralTest, ResumedTooEarlyItSleepsOn) {
  arm(vsoc::ArmKind::sleep, 1);
  const SmcFrame first = begin();
  ASSERT_EQ(status(first), 2);
  for (int tries = 0; tries < 3; ++tries) {
    const SmcFrame again = linux_.smc(0x42002402, 1, first.x[2]);
    EXPECT_EQ(status(again), 2);
    EXPECT_EQ(again.x[1], first.x[1]);
    EXPECT_EQ(again.x[2], first.x[2]);
  }
  EXPECT_EQ(linux_.report(service).calls_in_flight, 1u);
  EXPECT_EQ(status(linux_.smc(0xC2002403)), 0);
  EXPECT_EQ(status(linux_.smc(0x42002402, 1, first.x[2])), 0);
  expect_clean();
}

TEST_F(DeferralTest, ResumeNeedsAWakeupAndItsContext) {
  arm(vsoc::ArmKind::sleep, 1);
  const SmcFrame first = begin();
  ASSERT_EQ(status(first), 2);
  EXPECT_EQ(first.x[1], 0u);  // GET_INFO was never asked: queue 0 is all that Linux knows
  EXPECT_EQ(machine.waitq_irqs, 1u);
  const std::uint64_t context = first.x[2];
  const SmcFrame woken = linux_.smc(0xC2002403);
  EXPECT_EQ(status(woken), 0);
  EXPECT_EQ(woken.x[1], 0u);
  EXPECT_EQ(woken.x[2], 1u);
  EXPECT_EQ(woken.x[3], 0u);
  EXPECT_EQ(status(linux_.smc(0x42002402, 1, context + 1)), -2);
  EXPECT_EQ(status(linux_.smc(0x42002402, 2, context)), -2);
  EXPECT_EQ(status(linux_.smc(0x42002402, 1, context)), 0);
  EXPECT_EQ(status(linux_.smc(0x42002402, 1, context)), -2);  // stale
  expect_clean(3);
}

TEST_F(DeferralTest, SeveralSleepersAreAllWoken) {
  ASSERT_EQ(status(linux_.smc(0xC2002404)), 0);
  arm(vsoc::ArmKind::sleep, 4);
  std::vector<std::uint64_t> contexts;
  std::set<std::uint64_t> queues;
  for (int each = 0; each < 4; ++each) {
    const SmcFrame frame = begin();
    ASSERT_EQ(status(frame), 2);
    contexts.push_back(frame.x[2]);
    queues.insert(frame.x[1]);
  }
  EXPECT_EQ(queues.size(), 2u);
  unsigned wakeups = 0;
  for (bool more = true; more; ++wakeups) {
    const SmcFrame frame = linux_.smc(0xC2002403);
    ASSERT_EQ(status(frame), 0);
    more = frame.x[3] != 0;
  }
  EXPECT_EQ(wakeups, 4u);
  for (const std::uint64_t context : contexts) EXPECT_EQ(status(linux_.smc(0x42002402, 1, context)), 0);
  expect_clean();
}

TEST_F(DeferralTest, SleepCannotBeArmedWithoutAnInterrupt) {
  machine.hwirq = 0;
  EXPECT_EQ(op(vsoc::Op::arm, {.ins = {bytes_of(vsoc::ArmRequest{3, 1, 0})}}).result, -96);
  EXPECT_EQ(op(vsoc::Op::arm, {.ins = {bytes_of(vsoc::ArmRequest{3, 0, 0})}}).result, 0);
  EXPECT_EQ(op(vsoc::Op::arm, {.ins = {bytes_of(vsoc::ArmRequest{0, 1, 0})}}).result, 2);
  EXPECT_EQ(op(vsoc::Op::arm, {.ins = {bytes_of(vsoc::ArmRequest{6, 1, 0})}}).result, 2);
}

TEST_F(DeferralTest, ContextsAreBound) {
  configure(vsoc::ConfigureKey::contexts, 1);
  std::atomic<bool> begun{false};
  const Id worker_service = linux_.open_service();
  std::thread worker([&] {
    begun = true;
    EXPECT_TRUE(linux_.invoke(worker_service, vsoc::Op::work, {.ins = {bytes_of(std::uint64_t{200'000'000})}}).ok());
  });
  while (!begun) machine.relax();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(op(vsoc::Op::null).ok());  // after a while
  worker.join();
  EXPECT_GT(linux_.busy_seen, 0u);
  configure(vsoc::ConfigureKey::contexts, 0);
  linux_.release(worker_service);
  expect_clean();
}

TEST_F(DeferralTest, AWaitingCallOccupiesNoContext) {
  configure(vsoc::ConfigureKey::contexts, 1);
  const Id callee = linux_.object([&](const Request&) {
    EXPECT_TRUE(op(vsoc::Op::null).ok());
    return Reply{};
  });
  EXPECT_TRUE(op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{0, 1})}, .objects = {callee}}).ok());
  EXPECT_EQ(linux_.busy_seen, 0u);
  configure(vsoc::ConfigureKey::contexts, 0);
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::test
