// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "bpf_test.hpp"

namespace qtee::test {

using vsoc::Op;

// Whoever calls something that keeps a frame pointer is found in stacks: the names of these two.
[[gnu::noinline]] void stacks_test_call(const vsoc::Service& service, std::uint64_t delay) {
  delay ? service.object().call(Op::work, delay) : service.null();
  asm volatile("");
}
[[gnu::noinline]] void stacks_test_works(const vsoc::Service& service, std::uint64_t delay) {
  stacks_test_call(service, delay);
  asm volatile("");
}
[[gnu::noinline]] void stacks_test_calls_nothing(const vsoc::Service& service) {
  stacks_test_call(service, 0);
  asm volatile("");
}

namespace {

class StacksTest : public BpfTest {
 protected:
  /// The weight of lines in which all of these are, in this order.
  static std::uint64_t weight(const ToolOutput& output, const std::vector<std::string>& frames) {
    std::uint64_t all = 0;
    for (const std::string& line : output.lines()) {
      std::size_t at = 0;
      for (const std::string& frame : frames)
        if (at != std::string::npos) at = line.find(frame, at);
      if (at != std::string::npos) all += std::stoull(line.substr(line.rfind(' ')));
    }
    return all;
  }
};

TEST_F(StacksTest, TimesAreOfThosePlacesThatCaused) {
  Tool stacks({"qtee-stacks", "--process", own_pid()});
  for (int i = 0; i < 3; ++i) stacks_test_works(service_, kDelay);
  for (int i = 0; i < 10; ++i) stacks_test_calls_nothing(service_);
  call_back(2);
  const ToolOutput output = stacks.stop();
  EXPECT_EQ(output.status, 0) << output.remarks;
  EXPECT_GE(weight(output, {"test_bpf;", "stacks_test_works", "4 of 0x", ";secure world"}), 3 * kDelay) << output.out;
  EXPECT_GE(weight(output, {"test_bpf;", "8 of 0x", ";server"}), 2 * kDelay) << output.out;
  EXPECT_GT(weight(output, {"stacks_test_calls_nothing", "0 of 0x", ";secure world"}), 0u) << output.out;
  EXPECT_EQ(weight(output, {"stacks_test_calls_nothing", "4 of 0x"}), 0u) << output.out;
  EXPECT_NE(output.remarks.find("15 calls in "), std::string::npos) << output.remarks;
}

TEST_F(StacksTest, CallsAreCountedAndTheKernelIsShown) {
  Tool stacks({"qtee-stacks", "--calls", "--kernel", "--process", own_pid()});
  for (int i = 0; i < 10; ++i) stacks_test_calls_nothing(service_);
  const ToolOutput output = stacks.stop();
  EXPECT_EQ(weight(output, {"stacks_test_calls_nothing", "_[k]", "qtee_", "0 of 0x"}), 10u) << output.out;
}

TEST_F(StacksTest, LinesOfJson) {
  Tool stacks({"qtee-stacks", "--json", "--process", own_pid()});
  null(5);
  const ToolOutput output = stacks.stop();
  std::uint64_t calls = 0;
  for (const Json& stack : output.json("stack")) calls += stack.at("calls").get<std::uint64_t>();
  EXPECT_EQ(calls, 5u);
  EXPECT_EQ(output.json("end").at(0).at("calls"), 5);
  EXPECT_EQ(output.json("end").at(0).at("lost"), 0);
}

}  // namespace
}  // namespace qtee::test
