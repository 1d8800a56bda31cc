// SPDX-License-Identifier: BSD-3-Clause
//
// What the events cost, in instructions: exact, and so no matter of time. Under vsoc/run --icount alone.
#include <cstdio>
#include <filesystem>
#include <optional>

#include "../../bench/common/counter.hpp"
#include "bpf.hpp"
#include "trace_test.hpp"

namespace qtee::test {
namespace {

/// More for a null invocation when somebody wants to know where its time went, before they do anything with that.
constexpr std::uint64_t kMost = 900;

class CostTest : public UserTest {
 protected:
  void SetUp() override {
    try {
      instructions_ = bench::Counter::kernel_instructions();
    } catch (const std::system_error& error) {
      GTEST_SKIP() << error.what();
    }
    null();
    off_ = null();
  }
  void TearDown() override {
    if (instructions_) {
      EXPECT_EQ(null(), off_) << "nothing of it stays";
    }
  }

  /// Instructions of the kernel's for an invocation without arguments.
  std::uint64_t null() {
    return instructions_->count([&] { call_.invoke(service_.object().fd()); }, {}, 500);
  }

  std::optional<bench::Counter> instructions_;
  RawInvoke call_{static_cast<std::uint32_t>(vsoc::Op::null), {}};
  std::uint64_t off_ = 0;
};

TEST_F(CostTest, Off) { std::printf("null invocation: %ju instructions of the kernel\n", std::uintmax_t{off_}); }

TEST_F(CostTest, WithBpfAtAllEvents) {
  std::vector<std::string> events;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/tracing/events/qtee"))
    if (entry.is_directory()) events.push_back(entry.path().filename());
  const EmptyPrograms programs(events);
  null();
  const std::uint64_t on = null();
  std::printf("a BPF program at all %zu events: %ju more\n", events.size(), std::uintmax_t{on - off_});
  EXPECT_GT(on, off_);
}

TEST_F(CostTest, WithBpfForTimes) {
  const EmptyPrograms programs(
      {"qtee_invoke_end", "qtee_callback_queue", "qtee_callback_receive", "qtee_callback_reply"});
  null();
  const std::uint64_t on = null();
  std::printf("a BPF program at what tells of times: %ju more\n", std::uintmax_t{on - off_});
  EXPECT_GT(on, off_);
  EXPECT_LT(on, off_ + kMost);
}

TEST_F(CostTest, WithBpfAtOneEvent) {
  for (const char* event : {"qtee_invoke_begin", "qtee_smc_enter", "qtee_smc_exit", "qtee_invoke_end", "qtee_async"}) {
    const EmptyPrograms program({event});
    std::printf("a BPF program at %s: %ju more\n", event, std::uintmax_t{null() - off_});
  }
}

TEST_F(CostTest, WithTheTraceBuffer) {
  KernelTrace trace({"qtee:"});
  trace.start();
  null();
  const std::uint64_t on = null();
  EXPECT_GT(trace.stop().size(), 0u);
  std::printf("all events to the kernel's trace buffer: %ju more\n", std::uintmax_t{on - off_});
  EXPECT_GT(on, off_);
}

}  // namespace
}  // namespace qtee::test
