// SPDX-License-Identifier: BSD-3-Clause
//
// Answers of the secure monitor that a driver must cope with: busy, interrupted, asleep.
#include <cerrno>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

using vsoc::ArmKind;

// SCM gives up after so many answers of EBUSY, 30 ms apart.
constexpr unsigned kBusyAttempts = 22;

class Arms : public JudgeTest {
 protected:
  void TearDown() override {
    for (const ArmKind kind : {ArmKind::busy, ArmKind::interrupted, ArmKind::sleep}) {
      // The call that disarms may meet what is armed.
      EXPECT_TRUE(poll([&](const vsoc::Report&) { return service().arm(kind, 0).ok(); }));
    }
    JudgeTest::TearDown();
  }
  // At rest, so that no release of the driver's takes what is meant for the test.
  void quiesce() {
    ASSERT_TRUE(poll([](const vsoc::Report& now) {
      return now.tee_references == World::get().baseline.tee_references && now.ns_ids == 0;
    }));
  }
  Outcome call_back(const Callee& callee, std::uint32_t repeat) {
    return service().run(service()
                             .call(vsoc::Op::callback)
                             .in_value(vsoc::CallbackRequest{1, repeat})
                             .in_callback(callee.server(), callee.id()));
  }
  Outcome echo_ok(std::size_t size) {
    const auto in = pattern_bytes(size);
    std::vector<std::byte> out(size);
    std::size_t actual = 0;
    const Outcome outcome = service().echo(in, out, actual);
    EXPECT_TRUE(!outcome.ok() || out == in);
    return outcome;
  }
};

TEST_F(Arms, BusyIsTriedAgain) {
  quiesce();
  const std::uint64_t before = counters().answers_busy;
  ASSERT_OK(service().arm(ArmKind::busy, 4));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_OK(echo_ok(500));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(4 * 20));
  EXPECT_EQ(counters().answers_busy, before + 4);
}

TEST_F(Arms, BusyForTooLong) {
  quiesce();
  const Callee callee(server(), [](Request&) { return 0; });
  ASSERT_OK(service().arm(ArmKind::busy, kBusyAttempts));
  EXPECT_THAT(call_back(callee, 1), FailsWith(EBUSY));
  EXPECT_EQ(server().references(callee.id()), 0u) << "QTEE never saw it";
  EXPECT_OK(call_back(callee, 1));
  EXPECT_EQ(callee.calls(), 1u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

TEST_F(Arms, ReleaseOfAnObjectSurvivesBusy) {
  std::vector<Received> objects(1);
  ASSERT_OK(service().create(objects));
  ASSERT_OK(service().arm(ArmKind::busy, 3));
  objects.clear();
  EXPECT_TRUE(poll([](const vsoc::Report& now) { return now.tee_references == World::get().baseline.tee_references; }));
}

TEST_F(Arms, InterruptedGoesOn) {
  quiesce();
  const std::uint64_t before = counters().smc_reentry;
  ASSERT_OK(service().arm(ArmKind::interrupted, 5));
  for (int i = 0; i < 6; i++) EXPECT_OK(echo_ok(1000 + i));
  EXPECT_EQ(counters().smc_reentry, before + 5);
}

TEST_F(Arms, InterruptedBetweenCallbacks) {
  quiesce();
  const Callee callee(server(), [](Request&) { return 0; });
  ASSERT_OK(service().arm(ArmKind::interrupted, 6, 2));
  EXPECT_OK(call_back(callee, 8));
  EXPECT_EQ(callee.calls(), 8u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

TEST_F(Arms, SleepIsWokenByTheInterrupt) {
  quiesce();
  const std::uint64_t before = counters().smc_resume;
  ASSERT_OK(service().arm(ArmKind::sleep, 4));
  for (int i = 0; i < 5; i++) EXPECT_OK(echo_ok(1000 + i));
  EXPECT_EQ(counters().smc_resume, before + 4);
}

TEST_F(Arms, SleepBetweenCallbacks) {
  quiesce();
  const Callee callee(server(), [](Request&) { return 0; });
  ASSERT_OK(service().arm(ArmKind::sleep, 5, 2));
  EXPECT_OK(call_back(callee, 8));
  EXPECT_EQ(callee.calls(), 8u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

TEST_F(Arms, AllAtOnceUnderLoad) {
  ASSERT_OK(service().arm(ArmKind::interrupted, 20, 3));
  ASSERT_OK(service().arm(ArmKind::sleep, 20, 5));
  ASSERT_OK(service().arm(ArmKind::busy, 5, 20));
  const Callee callee(server(), [](Request&) { return 0; });
  std::atomic<unsigned> failures = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; thread++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; i++) failures += !echo_ok(100).ok() + !call_back(callee, 2).ok();
    });
  }
  threads.clear();
  EXPECT_EQ(failures, 0u);
  EXPECT_EQ(callee.calls(), 4 * 10 * 2u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

TEST_F(Arms, UnknownKindsAreInvalid) {
  EXPECT_THAT(service().arm(static_cast<ArmKind>(0), 1), Answers(vsoc::kInvalid));
  EXPECT_THAT(service().arm(static_cast<ArmKind>(77), 1), Answers(vsoc::kInvalid));
}

TEST_F(Arms, BoundedContexts) {
  // A call that is in Linux at the moment is not in QTEE: the bound of one leaves room for a nested one.
  ASSERT_OK(service().configure(vsoc::ConfigureKey::contexts, 1));
  Outcome inner;
  const Callee callee(server(), [&](Request&) {
    inner = service().null();
    return 0;
  });
  const Outcome outer = call_back(callee, 1);
  EXPECT_TRUE(poll([&](const vsoc::Report&) { return service().configure(vsoc::ConfigureKey::contexts, 0).ok(); }));
  EXPECT_OK(outer);
  EXPECT_OK(inner);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

}  // namespace
}  // namespace qtee::judge
