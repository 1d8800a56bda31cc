// SPDX-License-Identifier: BSD-3-Clause
//
// Much at once: what there is no room for is counted, and what there is room for is right.
#include <signal.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bpf_test.hpp"

namespace qtee::test {
namespace {

class ManyTest : public BpfTest {
 protected:
  static constexpr std::uint32_t kFirstOp = 1000;  // of those that no object has

  /// An invocation of each of so many operations.
  void operations(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) (void)service_.object().try_call(OpCode(kFirstOp + i));
  }
  static std::uint64_t number(const Json& line, const char* name) { return line.at(name).get<std::uint64_t>(); }
  static std::uint64_t sum(const std::vector<Json>& lines, const char* name) {
    std::uint64_t sum = 0;
    for (const Json& line : lines) sum += number(line, name);
    return sum;
  }
  static Json end(const ToolOutput& output) {
    const std::vector<Json> ends = output.json("end");
    EXPECT_EQ(ends.size(), 1u) << output.remarks;
    return ends.empty() ? Json::object() : ends[0];
  }
};

TEST_F(ManyTest, MoreKeysThanRoom) {
  constexpr std::uint32_t kRoom = 512, kOps = 700;
  Tool lat({"qtee-lat", "--json", "--process", own_pid()}), top({"qtee-top", "--json", "--process", own_pid()});
  operations(kOps);
  operations(kOps);
  for (const ToolOutput& output : {lat.stop(), top.stop()}) {
    EXPECT_EQ(number(end(output), "calls"), 2 * kRoom) << output.remarks;
    EXPECT_EQ(number(end(output), "without_key"), 2 * (kOps - kRoom));
    EXPECT_EQ(number(end(output), "lost"), 0u);
  }
}

TEST_F(ManyTest, MoreStacksThanRoom) {
  constexpr std::uint32_t kRoom = 4096, kOps = 4200;
  Tool stacks({"qtee-stacks", "--json", "--process", own_pid()});
  operations(kOps);
  const ToolOutput output = stacks.stop();
  EXPECT_EQ(sum(output.json("stack"), "calls"), kRoom);
  EXPECT_EQ(number(end(output), "calls"), kRoom);
  EXPECT_EQ(number(end(output), "lost"), kOps - kRoom);
}

TEST_F(ManyTest, RecordsWithoutRoom) {
  constexpr unsigned kCalls = 8000;
  Tool slow({"qtee-slow", "--json", "-T", "0", "--sample-hz", "0", "--process", own_pid()});
  slow.signal(SIGSTOP);
  null(kCalls);
  slow.signal(SIGCONT);
  const ToolOutput output = slow.stop();
  EXPECT_EQ(number(end(output), "calls"), kCalls);
  EXPECT_GT(number(end(output), "lost"), 0u);
  EXPECT_EQ(number(end(output), "reported") + number(end(output), "lost"), kCalls);
  EXPECT_EQ(output.json("call").size(), number(end(output), "reported"));
}

TEST_F(ManyTest, ThreadsAndObjects) {
  constexpr unsigned kThreads = 200, kCalls = 20;
  std::vector<Object> objects;
  for (unsigned i = 0; i < 50; ++i) objects.push_back(service_.create());
  Tool lat({"qtee-lat", "--json", "--process", own_pid()}),
      slow({"qtee-slow", "--json", "-T", "0", "--process", own_pid()}),
      // With room for all of it: a machine that has other work may read none of it meanwhile.
      trace({"qtee-trace", "--json", "--buffer", "32768", "--process", own_pid()});
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        for (unsigned k = 0; k < kCalls; ++k) (void)objects[(i + k) % objects.size()].try_call(OpCode(0));
      });
  }
  const ToolOutput lats = lat.stop(), slows = slow.stop(), traces = trace.stop();
  // The kernel runs no program of the tool's where it has preempted the same one on that CPU. Then it is counted.
  const std::uint64_t calls = number(end(lats), "calls"), missed = number(end(lats), "lost");
  EXPECT_EQ(lats.json("summary").size(), objects.size());
  EXPECT_EQ(sum(lats.json("summary"), "calls"), calls);
  EXPECT_LE(calls, kThreads * kCalls);
  EXPECT_GE(calls + missed, kThreads * kCalls);
  for (const Json& row : lats.json("summary")) {
    EXPECT_LE(number(row, "calls"), kThreads * kCalls / objects.size()) << row;
    EXPECT_GE(number(row, "calls") + missed, kThreads * kCalls / objects.size()) << row;
  }
  EXPECT_LE(slows.json("call").size(), kThreads * kCalls);
  EXPECT_GE(slows.json("call").size() + number(end(slows), "lost"), kThreads * kCalls);
  EXPECT_LE(traces.json("invocation").size(), kThreads * kCalls);
  EXPECT_GE(traces.json("invocation").size() + number(end(traces), "lost"), kThreads * kCalls);
  if (std::getenv("QTEE_KERNEL") != std::string("qcom"))
    for (const ToolOutput& output : {lats, traces}) EXPECT_EQ(number(end(output), "lost"), 0u) << "little is preempted";
}

TEST_F(ManyTest, DeepNesting) {
  constexpr unsigned kDepth = 31;
  const std::string load = " --json -- qtee-load --nest " + std::to_string(kDepth);
  const ToolOutput trace = Tool::run({"sh", "-c", "qtee-trace -O 7" + load});
  const std::vector<Json> calls = trace.json("invocation");
  ASSERT_EQ(calls.size(), kDepth + 1) << trace.remarks;
  EXPECT_EQ(calls.front().at("depth"), 2 * kDepth);
  for (std::size_t i = 0; i + 1 < calls.size(); ++i)
    EXPECT_EQ(calls[i].at("parent"), calls[i + 1].at("invocation")) << "the innermost ends first";
  EXPECT_EQ(trace.json("callback").size(), kDepth);
  const ToolOutput lat = Tool::run({"sh", "-c", "qtee-lat -O 7" + load});
  EXPECT_EQ(number(end(lat), "calls"), kDepth + 1) << lat.remarks;
  const ToolOutput slow = Tool::run({"sh", "-c", "qtee-slow -T 0 -O 7" + load});
  EXPECT_EQ(slow.json("call").size(), kDepth + 1) << slow.remarks;
}

TEST_F(ManyTest, AProcessThatDiesInACall) {
  // It is killed while its own server has the request, which is then nobody's.
  Tool trace({"qtee-trace", "--json", "--process", "qtee-load"}),
      top({"qtee-top", "--json", "-i", "50ms", "--process", "qtee-load"}),
      lat({"qtee-lat", "--json", "-p", "qtee-load"}),
      slow({"qtee-slow", "--json", "-T", "100ms", "-p", "qtee-load", "-O", "8"});
  const ToolOutput load = Tool::run(
      {"sh", "-c", "qtee-load --callback 1 --callback-ms 600000 & sleep 2; kill -9 $!; wait $!; sleep 0.5; echo $?"});
  const ToolOutput traces = trace.stop(), tops = top.stop(), lats = lat.stop(), slows = slow.stop();
  Json call;
  for (const Json& line : traces.json("invocation"))
    if (line.at("op") == 8) call = line;
  ASSERT_FALSE(call.is_null()) << traces.out << load.remarks;
  EXPECT_TRUE(call.at("error") != 0 || call.at("result") != 0) << call;
  EXPECT_EQ(number(end(traces), "under_way"), 0u);
  EXPECT_EQ(slows.json("call").size(), 1u) << slows.out;
  EXPECT_EQ(number(tops.json("interval").back(), "callbacks_under_way"), 0u);
  EXPECT_GT(sum(tops.json("interval"), "callbacks_under_way"), 0u) << "it was there before";
  EXPECT_GE(number(end(lats), "calls"), 2u);
  for (const ToolOutput& output : {traces, tops, lats, slows}) EXPECT_EQ(number(end(output), "lost"), 0u);
}

}  // namespace
}  // namespace qtee::test
