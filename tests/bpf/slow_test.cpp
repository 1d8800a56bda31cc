// SPDX-License-Identifier: BSD-3-Clause
#include "bpf_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

class SlowTest : public BpfTest {
 protected:
  static std::string most(const Json& call) {
    std::pair<std::uint64_t, std::string> found;
    for (const auto& [name, ns] : call.at("phases").items())
      found = std::max(found, std::pair(ns.get<std::uint64_t>(), name));
    return found.second;
  }
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
  static std::vector<Json> of(const ToolOutput& output, std::uint32_t op) {
    std::vector<Json> calls = output.json("call");
    std::erase_if(calls, [&](const Json& call) { return call.at("op") != op; });
    return calls;
  }
};

TEST_F(SlowTest, EachIsReportedWithWhereItsTimeWent) {
  Tool slow({"qtee-slow", "--json", "--threshold", "20ms", "--process", own_pid()});
  null(50);
  work(3);
  call_back(2, 2);
  const ToolOutput output = slow.stop();
  EXPECT_EQ(output.status, 0) << output.remarks;

  const std::vector<Json> works = of(output, number(Op::work)), callbacks = of(output, number(Op::callback));
  ASSERT_EQ(works.size(), 3u) << output.out;
  for (const Json& call : works) {
    EXPECT_EQ(most(call), "secure");
    EXPECT_GE(call.at("phases").at("secure"), kDelay);
    EXPECT_TRUE(has(call.at("verdict"), "The secure world took ")) << call;
    EXPECT_EQ(call.at("smcs"), 1);
  }
  ASSERT_EQ(callbacks.size(), 2u) << output.out;
  for (const Json& call : callbacks) {
    const auto server = call.at("phases").at("server").get<std::uint64_t>();
    EXPECT_GE(server, 2 * kDelay);
    EXPECT_EQ(call.at("callbacks"), 2);
    EXPECT_EQ(call.at("smcs"), 3);
    const Json& longest = call.at("longest_callback");
    EXPECT_GE(longest.at("server_ns"), kDelay);
    EXPECT_EQ(longest.at("server_pid"), ::getpid());
    EXPECT_EQ(longest.at("op"), kCallbackOp);
    // On a machine that is busy the server's threads may be late.
    const bool late = server < call.at("phases").at("callback").get<std::uint64_t>();
    EXPECT_TRUE(
        has(call.at("verdict"), (late ? "Waiting for server test_bpf[" : "Server test_bpf[") + own_pid() + "] took "))
        << call;
  }
  for (const Json& call : output.json("call")) {
    std::uint64_t parts = 0;
    for (const auto& [name, ns] : call.at("phases").items()) parts += ns.get<std::uint64_t>();
    EXPECT_EQ(parts, call.at("total_ns")) << call;
    EXPECT_EQ(call.at("pid"), ::getpid());
  }
  const Json end = output.json("end").at(0);
  EXPECT_EQ(end.at("calls"), 55);
  EXPECT_EQ(end.at("lost"), 0);
}

TEST_F(SlowTest, LinuxIsExplainedByStacks) {
  Tool slow({"qtee-slow", "--json", "--threshold", "5ms", "--process", own_pid()});
  // QTEE wants to wait: the thread sleeps in the kernel.
  service_.arm(ArmKind::sleep, 1);
  service_.null();
  // As long as QTEE is busy, the kernel pauses.
  service_.arm(ArmKind::busy, 2);
  service_.null();
  const ToolOutput output = slow.stop();
  const std::vector<Json> nulls = of(output, number(Op::null));
  ASSERT_FALSE(nulls.empty()) << output.out;
  bool asleep = false;
  for (const Json& call : nulls) {
    for (const Json& wait : call.at("waits")) {
      if (wait.at("kind") != "asleep") continue;
      asleep = true;
      ASSERT_FALSE(wait.at("stack").empty()) << call;
      bool ours = false;
      for (const Json& frame : wait.at("stack")) ours |= has(frame, "qtee");
      EXPECT_TRUE(ours) << wait;
    }
    bool invoked = false;
    for (const Json& frame : call.at("stack")) invoked |= has(frame, "qtee::") || has(frame, "ioctl");
    EXPECT_TRUE(invoked) << call.at("stack");
  }
  EXPECT_TRUE(asleep) << output.out;
}

TEST_F(SlowTest, TheFirstOnesEndIt) {
  Tool slow({"qtee-slow", "--threshold", "20ms", "--count", "1", "--process", own_pid(), "--operation",
             std::to_string(number(Op::work))});
  work(2);
  const ToolOutput output = slow.wait();
  EXPECT_EQ(output.status, 0) << output.remarks;
  EXPECT_TRUE(has(output.out, "The secure world took ")) << output.out;
  EXPECT_TRUE(has(output.out, "1 of ")) << output.out;
}

}  // namespace
}  // namespace qtee::test
