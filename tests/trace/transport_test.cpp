// SPDX-License-Identifier: BSD-3-Clause
//
// Each time that QTEE is entered and left, whatever it answers.
#include "trace_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

class TransportTest : public TraceTest {
 protected:
  void TearDown() override {
    for (const ArmKind kind : {ArmKind::busy, ArmKind::interrupted, ArmKind::sleep}) service_.arm(kind, 0);
  }

  /// "kind answer" of each time that QTEE was entered in the one invocation of `work` by this thread.
  Names entries(const std::function<void()>& work) {
    const Events mine = record(work).by(gettid());
    const Events call = mine.of(mine[0].invocation());
    Names entries;
    for (const Event& event : call) {
      if (event.name == "smc_enter") entries.push_back(event.text("kind"));
      if (event.name != "smc_exit") continue;
      EXPECT_EQ(entries.back(), event.text("kind")) << "an exit is its enter's";
      entries.back() += " " + event.text("answer");
    }
    EXPECT_EQ(call.named("smc_enter").size(), call.named("smc_exit").size());
    const Event& end = call.back();
    EXPECT_GT(end.number("total_ns"), end.number("in_ns") + end.number("secure_ns") + end.number("callback_ns"));
    EXPECT_EQ(call[0].name, "invoke_begin");
    EXPECT_EQ(call.back().name, "invoke_end");
    return entries;
  }

  bool own() const { return transport() != "scm"; }
};

TEST_F(TransportTest, BusyAndThenNot) {
  service_.arm(ArmKind::busy, 3);
  const Names found = entries([&] { service_.null(); });
  EXPECT_GE(service_.counters().answers_busy, 3u);
  if (own())
    EXPECT_EQ(found, (Names{"invoke busy", "invoke busy", "invoke busy", "invoke final"}));
  else
    EXPECT_EQ(found, (Names{"invoke final"})) << "qcom_scm tries again by itself";
}

TEST_F(TransportTest, BusyForTooLong) {
  service_.arm(ArmKind::busy, 30);
  Events call;
  const Events mine = record([&] {
                        const auto outcome = service_.object().try_call(Op::null);
                        EXPECT_EQ(outcome.error(), std::errc::resource_unavailable_try_again);
                      }).by(gettid());
  const Events exits = mine.named("smc_exit");
  EXPECT_EQ(exits.size(), own() ? 21u : 1u);
  for (const Event& exit : exits) {
    EXPECT_EQ(exit.text("answer"), "busy");
    EXPECT_EQ(exit.text("error"), own() ? "-16(EBUSY)" : "-11(EAGAIN)");
  }
  EXPECT_EQ(mine.back().text("error"), "-11(EAGAIN)");
}

TEST_F(TransportTest, Interrupted) {
  service_.arm(ArmKind::interrupted, 1);
  const Names found = entries([&] { service_.null(); });
  if (own())
    EXPECT_EQ(found, (Names{"invoke interrupted", "reenter final"}));
  else
    EXPECT_EQ(found, (Names{"invoke final"}));
}

TEST_F(TransportTest, InterruptedInTheAnswerToACallback) {
  CallbackServer server;
  const CallbackObject callee = server.add([](CallbackRequest&) { return Result::ok; });
  service_.arm(ArmKind::interrupted, 1, 1);
  const Names found = entries([&] { service_.object().call(Op::callback, vsoc::CallbackRequest{0, 1}, callee); });
  if (own())
    EXPECT_EQ(found, (Names{"invoke callback", "respond interrupted", "reenter final"}));
  else
    EXPECT_EQ(found, (Names{"invoke callback", "respond final"}));
  EXPECT_TRUE(all_released(server));
}

TEST_F(TransportTest, Asleep) {
  const vsoc::ArmRequest request{static_cast<std::uint32_t>(ArmKind::sleep), 1, 0};
  const auto armed = service_.object().try_call(Op::arm, request);
  if (armed.error() == make_error_code(Result::unavailable)) GTEST_SKIP() << "no wait-queue interrupt here";
  ASSERT_TRUE(armed);
  const Names found = entries([&] { service_.null(); });
  if (!own()) {
    EXPECT_EQ(found, (Names{"invoke final"}));
    return;
  }
  ASSERT_GE(found.size(), 2u);
  EXPECT_EQ(found.front(), "invoke sleep");
  EXPECT_EQ(found.back(), "resume final");
  for (std::size_t i = 1; i + 1 < found.size(); ++i) EXPECT_EQ(found[i], "resume sleep");
}

}  // namespace
}  // namespace qtee::test
