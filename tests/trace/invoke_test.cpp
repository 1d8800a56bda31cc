// SPDX-License-Identifier: BSD-3-Clause
//
// Events of invocations: they pair, and say what is true.
#include <cerrno>
#include <set>

#include "trace_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

constexpr std::uint32_t op_of(Op op) { return static_cast<std::uint32_t>(op); }

const Names kCall = {"invoke_begin", "smc_enter", "smc_exit", "invoke_end"};

class InvokeTest : public TraceTest {
 protected:
  // The one invocation that this thread makes in `work`, after what it does beside.
  Events one(const std::function<void()>& work) {
    const Events mine = record(work).by(gettid());
    EXPECT_EQ(mine.named("invoke_begin").size(), 1u);
    return mine.empty() ? mine : mine.of(mine[0].invocation());
  }
};

TEST_F(InvokeTest, ACallIsABeginAnSmcAndAnEnd) {
  constexpr unsigned kCalls = 500;
  const Events mine = record([&] {
                        for (unsigned i = 0; i < kCalls; ++i) {
                          RawInvoke call(op_of(Op::null), {});
                          ASSERT_EQ(call.invoke(fd()), 0);
                        }
                      }).by(gettid());
  ASSERT_EQ(mine.size(), kCalls * kCall.size());
  std::set<std::uint64_t> invocations;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    EXPECT_EQ(mine[i].name, kCall[i % kCall.size()]) << i;
    EXPECT_EQ(mine[i].invocation(), mine[i - i % kCall.size()].invocation()) << i;
    invocations.insert(mine[i].invocation());
  }
  EXPECT_EQ(invocations.size(), kCalls) << "each has a name of its own";
  EXPECT_FALSE(invocations.contains(0));
}

TEST_F(InvokeTest, ManyThreadsPairByInvocation) {
  constexpr unsigned kThreads = 4, kCalls = 200;
  const Events events = record([&] {
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads; ++t)
      threads.emplace_back([&] {
        for (unsigned i = 0; i < kCalls; ++i) service_.null();
      });
    for (std::thread& thread : threads) thread.join();
  });
  const Events begins = events.named("invoke_begin");
  std::set<std::uint64_t> invocations;
  for (const Event& begin : begins) invocations.insert(begin.invocation());
  EXPECT_EQ(invocations.size(), kThreads * kCalls);
  for (const std::uint64_t invocation : invocations) {
    const Events call = events.of(invocation);
    EXPECT_EQ(call.without("async").without("object_release").names(), kCall);
    for (const Event& event : call) EXPECT_EQ(event.thread, call[0].thread);
  }
}

TEST_F(InvokeTest, ArgumentsAndOutputsAreCounted) {
  const auto input = bytes_of(100);
  std::vector<std::byte> output(150);
  RawInvoke call(op_of(Op::mirror), {param_in(input.data(), 100), param_out(output.data(), 100),
                                     param_in(input.data(), 23), param_out(output.data() + 100, 50),
                                     param_object(fd(), QCOM_TEE_OBJECT_SECURE), param_null(), param_object_out()});
  const Events all = record([&] {
    ASSERT_EQ(call.invoke(fd()), 0);
    FileDescriptor(static_cast<int>(call.param(6).object.id)).reset();
    releases_done();
  });
  const Events mine = all.by(gettid());
  ASSERT_EQ(mine.names(),
            (Names{"invoke_begin", "smc_enter", "smc_exit", "object_create", "invoke_end", "release_queue"}));

  const Event& begin = mine[0];
  EXPECT_EQ(begin.number("op"), op_of(Op::mirror));
  EXPECT_EQ(begin.number("ib"), 2);
  EXPECT_EQ(begin.number("ob"), 2);
  EXPECT_EQ(begin.number("io"), 2) << "the NULL object is one";
  EXPECT_EQ(begin.number("oo"), 1);
  EXPECT_EQ(begin.number("in_bytes"), 123);
  EXPECT_EQ(begin.number("out_bytes"), 150);
  const Event& end = mine[4];
  EXPECT_EQ(end.number("out_bytes"), 123) << "each output is as long as its input";
  EXPECT_EQ(end.text("object"), begin.text("object"));
  EXPECT_EQ(end.text("op"), begin.text("op"));
  EXPECT_EQ(end.text("result"), "0(OK)");
  EXPECT_EQ(end.text("error"), "0(none)");

  // The service gave itself.
  EXPECT_EQ(mine[3].text("object"), begin.text("object"));
  EXPECT_EQ(mine[5].text("object"), begin.text("object"));
  EXPECT_EQ(mine[5].number("pending"), 1);
}

TEST_F(InvokeTest, TheSmcSaysHowItWent) {
  const Events call = one([&] { service_.null(); });
  ASSERT_EQ(call.names(), kCall);
  EXPECT_EQ(call[1].text("transport"), transport());
  EXPECT_EQ(call[1].text("kind"), "invoke");
  EXPECT_EQ(call[2].text("transport"), transport());
  EXPECT_EQ(call[2].text("kind"), "invoke");
  EXPECT_EQ(call[2].text("answer"), "final");
  EXPECT_EQ(call[2].text("result"), "0(OK)");
  EXPECT_EQ(call[2].text("error"), "0(none)");
  EXPECT_NE(call[2].number("type"), QCOM_TEE_OBJECT) << "nor a callback";
}

TEST_F(InvokeTest, ResultsHaveTheirNames) {
  const std::pair<std::int32_t, std::string> results[] = {
      {1, "1(ERROR)"}, {10, "10(0xa)"}, {-90, "-90(DEFUNCT)"}, {-99, "-99(BUSY)"}};
  for (const auto& [result, text] : results) {
    RawInvoke call(op_of(Op::fail), {param_in(&result, sizeof result)});
    const Events events = one([&] { ASSERT_EQ(call.invoke(fd()), 0); });
    ASSERT_EQ(events.names(), kCall);
    EXPECT_EQ(events[2].text("result"), text);
    EXPECT_EQ(events[3].text("result"), text);
    EXPECT_EQ(events[3].text("error"), "0(none)");
  }
}

TEST_F(InvokeTest, ErrorsAreTold) {
  auto* const nowhere = reinterpret_cast<void*>(16);
  RawInvoke unsent(op_of(Op::echo), {param_in(nowhere, 100), param_out(nowhere, 100)});
  Events events = one([&] { EXPECT_EQ(unsent.invoke(fd()), EFAULT); });
  ASSERT_EQ(events.names(), (Names{"invoke_begin", "invoke_end"})) << "QTEE never saw it";
  EXPECT_EQ(events[1].text("error"), "-14(EFAULT)");
  EXPECT_EQ(events[1].number("out_bytes"), 0);

  const auto input = bytes_of(100);
  RawInvoke seen(op_of(Op::echo), {param_in(input.data(), 100), param_out(nowhere, 100)});
  events = one([&] { EXPECT_EQ(seen.invoke(fd()), EFAULT); });
  ASSERT_EQ(events.names(), kCall);
  EXPECT_EQ(events[3].text("error"), "-14(EFAULT)");
}

TEST_F(InvokeTest, SizesThatNobodyHasAreNotCutShort) {
  const auto input = bytes_of(8);
  RawInvoke call(op_of(Op::echo), {param_in(input.data(), std::uint64_t{1} << 40)});
  const Events events = one([&] { EXPECT_EQ(call.invoke(fd()), EMSGSIZE); });
  ASSERT_EQ(events.names(), (Names{"invoke_begin", "invoke_end"}));
  EXPECT_EQ(events[0].number("in_bytes"), 0xFFFFFFFF);
  EXPECT_EQ(events[1].text("error"), "-90(EMSGSIZE)");
}

TEST_F(InvokeTest, TheEndSaysWhereTheTimeWent) {
  constexpr std::int64_t kWork = 20'000'000;  // ns, no less
  const auto phases = [](const Event& end) {
    return end.number("in_ns") + end.number("secure_ns") + end.number("callback_ns");
  };

  const std::uint64_t work = kWork;
  Events call = one([&] { service_.object().call(Op::work, work); });
  ASSERT_EQ(call.names(), kCall);
  EXPECT_GE(call[3].number("secure_ns"), kWork);
  EXPECT_EQ(call[3].number("callback_ns"), 0);
  EXPECT_EQ(call[3].number("callbacks"), 0);
  EXPECT_GT(call[3].number("in_ns"), 0);
  EXPECT_GT(call[3].number("total_ns"), phases(call[3]));

  CallbackServer server;
  const CallbackObject own = server.add([&](CallbackRequest&) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kWork));
    return Result::ok;
  });
  call = one([&] { service_.object().call(Op::callback, vsoc::CallbackRequest{0, 2}, own); });
  const Event& end = call.back();
  EXPECT_GE(end.number("callback_ns"), 2 * kWork);
  EXPECT_EQ(end.number("callbacks"), 2);
  EXPECT_GT(end.number("secure_ns"), 0);
  EXPECT_GT(end.number("total_ns"), phases(end)) << "no time is counted twice";
  EXPECT_TRUE(all_released(server));

  auto* const nowhere = reinterpret_cast<void*>(16);
  RawInvoke unsent(op_of(Op::echo), {param_in(nowhere, 100)});
  call = one([&] { EXPECT_EQ(unsent.invoke(fd()), EFAULT); });
  EXPECT_EQ(phases(call.back()), 0) << "it never came to QTEE";
  EXPECT_GT(call.back().number("total_ns"), 0);
}

TEST_F(InvokeTest, OperationsOfTheRootObjectHaveNames) {
  vsoc::Service another(Object{});
  const Events events = one([&] { another = vsoc::Service::open(root_); });
  ASSERT_EQ(events.names(), (Names{"invoke_begin", "smc_enter", "smc_exit", "object_create", "invoke_end"}));
  EXPECT_EQ(events[0].text("object"), "0x1");
  EXPECT_EQ(events[0].text("op"), "open");
  EXPECT_EQ(events[4].text("op"), "open");
  const Events used = one([&] { another.null(); });
  EXPECT_EQ(used[0].text("object"), events[3].text("object")) << "what was created is what is invoked then";
}

TEST_F(InvokeTest, AnObjectsLifeIsCreateQueueReleaseReleased) {
  constexpr unsigned kObjects = 7;
  const Events events = record([&] {
    std::vector<Object> objects;
    for (unsigned i = 0; i < kObjects; ++i) objects.push_back(service_.create());
    objects.clear();
    releases_done();
  });
  const Events created = events.named("object_create");
  ASSERT_EQ(created.size(), kObjects);
  std::set<std::string> ids;
  for (const Event& create : created) {
    const std::string& id = create.text("object");
    ids.insert(id);
    EXPECT_NE(create.invocation(), 0u);
    const Events life = events.with("object", id);
    ASSERT_EQ(life.names(), (Names{"object_create", "release_queue", "invoke_begin", "invoke_end", "object_release"}));
    EXPECT_EQ(life[1].thread, gettid()) << "who closed it";
    EXPECT_NE(life[2].thread, gettid()) << "not who closed it";
    EXPECT_EQ(life[2].text("op"), "RELEASE");
    EXPECT_EQ(life[3].text("result"), "0(OK)");
    EXPECT_EQ(life[4].text("fate"), "released");
    EXPECT_EQ(life[4].invocation(), 0u);
  }
  EXPECT_EQ(ids.size(), kObjects);
}

}  // namespace
}  // namespace qtee::test
