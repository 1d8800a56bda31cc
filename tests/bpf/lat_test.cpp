// SPDX-License-Identifier: BSD-3-Clause
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include "../../bench/common/counter.hpp"
#include "bpf_test.hpp"
#include "kernel_trace.hpp"
#include "raw.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

class LatTest : public BpfTest {
 protected:
  /// The one row of an operation.
  static Json row(const std::vector<Json>& rows, std::uint32_t op) {
    Json found;
    for (const Json& row : rows) {
      if (row.at("op") != op) continue;
      EXPECT_TRUE(found.is_null()) << row;
      found = row;
    }
    EXPECT_FALSE(found.is_null()) << "operation " << op;
    return found;
  }
  static std::uint64_t sum(const Json& row, const char* phase) {
    const Json& phases = row.at("phases");
    return phases.contains(phase) ? phases.at(phase).at("sum_ns").get<std::uint64_t>() : 0;
  }
  static Json end(const ToolOutput& output) {
    const std::vector<Json> ends = output.json("end");
    EXPECT_EQ(ends.size(), 1u);
    return ends.empty() ? Json() : ends[0];
  }
};

TEST_F(LatTest, EachDelayIsInItsPhaseAndAllIsCounted) {
  Tool lat({"qtee-lat", "--json", "--buckets", "--process", own_pid()});
  null(500);
  work(5);
  call_back(3);
  call_back(1, 2);
  fail(7);
  const ToolOutput output = lat.stop();
  EXPECT_EQ(output.status, 0) << output.remarks;
  const std::vector<Json> rows = output.json("summary");

  const Json nulls = row(rows, number(Op::null)), works = row(rows, number(Op::work)),
             callbacks = row(rows, number(Op::callback)), fails = row(rows, number(Op::fail));
  EXPECT_EQ(nulls.at("calls"), 500);
  EXPECT_EQ(works.at("calls"), 5);
  EXPECT_EQ(callbacks.at("calls"), 4);
  EXPECT_EQ(callbacks.at("callbacks"), 5);
  EXPECT_EQ(fails.at("calls"), 7);
  EXPECT_EQ(fails.at("failed"), 7);
  EXPECT_EQ(nulls.at("failed"), 0);
  EXPECT_EQ(rows.size(), 4u) << output.out;
  EXPECT_EQ(end(output).at("calls"), 516);
  for (const char* lost : {"lost", "without_key", "partial"}) EXPECT_EQ(end(output).at(lost), 0) << lost;

  EXPECT_GE(sum(works, "secure"), 5 * kDelay);
  EXPECT_GE(works.at("phases").at("secure").at("p50_ns"), kDelay * 7 / 8);
  EXPECT_FALSE(works.at("phases").contains("server"));
  EXPECT_GE(sum(callbacks, "server"), 5 * kDelay);
  EXPECT_EQ(callbacks.at("phases").at("server").at("count"), 4) << "one time for a call";

  for (const Json& one : rows) {
    EXPECT_EQ(one.at("pid"), ::getpid());
    EXPECT_EQ(one.at("process"), "test_bpf");
    std::uint64_t parts = 0;
    for (const char* phase : {"linux_in", "secure", "callback", "server", "linux_out"}) parts += sum(one, phase);
    EXPECT_EQ(parts, sum(one, "total")) << one;
    for (const auto& [name, phase] : one.at("phases").items()) {
      EXPECT_LE(phase.at("p50_ns"), phase.at("p90_ns")) << name;
      EXPECT_LE(phase.at("p90_ns"), phase.at("p99_ns")) << name;
      EXPECT_LE(phase.at("p99_ns"), phase.at("p99.9_ns")) << name;
      EXPECT_LE(phase.at("p99.9_ns"), phase.at("max_ns")) << name;
      std::uint64_t counted = 0;
      for (const Json& bucket : phase.at("buckets")) counted += bucket.at(2).get<std::uint64_t>();
      EXPECT_EQ(counted, phase.at("count")) << name;
    }
  }
}

TEST_F(LatTest, NothingIsLostAtAHighRate) {
  constexpr unsigned kEach = 10000;
  Tool lat({"qtee-lat", "--json", "--interval", "200ms", "--process", "test_bpf", "--operation", "0"});
  std::jthread other([&] { null(kEach); });
  null(kEach);
  other.join();
  const ToolOutput output = lat.stop(SIGTERM);
  EXPECT_EQ(output.status, 0) << output.remarks;
  std::uint64_t calls = 0;
  for (const Json& row : output.json("interval")) calls += row.at("calls").get<std::uint64_t>();
  const std::vector<Json> rows = output.json("summary");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].at("calls"), 2 * kEach);
  EXPECT_LE(calls, 2 * kEach);
  EXPECT_GT(calls, 0u) << "there were intervals";
  for (const char* lost : {"lost", "without_key", "partial"}) EXPECT_EQ(end(output).at(lost), 0) << lost;
}

TEST_F(LatTest, FiltersAndColumns) {
  Tool lat({"qtee-lat", "--json", "--overhead", "--operation", "open", "--by", "operation"});
  for (int i = 0; i < 3; ++i) (void)vsoc::Service::open(root_);
  null(5);
  const ToolOutput output = lat.stop();
  const std::vector<Json> rows = output.json("summary");
  ASSERT_EQ(rows.size(), 1u) << output.out;
  EXPECT_EQ(rows[0].at("calls"), 3);
  EXPECT_EQ(rows[0].at("op"), 0);
  EXPECT_FALSE(rows[0].contains("object"));
  EXPECT_FALSE(rows[0].contains("pid"));
  std::uint64_t runs = 0;
  for (const Json& line : output.json("overhead")) runs += line.at("runs").get<std::uint64_t>();
  EXPECT_GE(runs, 8u) << "at the end of each invocation";
}

TEST_F(LatTest, WhatHasNoRoomIsTold) {
  Tool lat({"qtee-lat", "--keys", "1", "--process", own_pid()});
  null(20);
  fail(3);
  const ToolOutput output = lat.stop();
  EXPECT_NE(output.out.find("20 calls"), std::string::npos) << output.out;
  EXPECT_NE(output.remarks.find("3 calls have no row"), std::string::npos) << output.remarks;
}

TEST_F(LatTest, ACommandIsRunAndItsStatusKept) {
  Tool lat({"qtee-lat", "--", "sh", "-c", "qtee-report; exit 7"});
  const ToolOutput output = lat.wait();
  EXPECT_EQ(output.status, 7);
  EXPECT_NE(output.out.find("tee_objects"), std::string::npos) << output.out;
  EXPECT_NE(output.out.find("qtee-report"), std::string::npos) << output.out;
}

/// In instructions, and so under vsoc/run --icount alone.
class LatCostTest : public BpfTest {
 protected:
  static constexpr std::uint64_t kMost = 1200;

  void SetUp() override {
    try {
      instructions_ = bench::Counter::kernel_instructions();
    } catch (const std::system_error& error) {
      GTEST_SKIP() << error.what();
    }
    null_invocation();
    off_ = null_invocation();
    std::printf("null invocation: %ju instructions of the kernel\n", std::uintmax_t{off_});
  }
  std::uint64_t null_invocation() {
    return instructions_->count([&] { call_.invoke(service_.object().fd()); }, {}, 500);
  }
  /// Instructions more than `without`.
  std::uint64_t more(const char* what, std::uint64_t without) {
    null_invocation();
    const std::uint64_t with = null_invocation();
    std::printf("%s: %jd more\n", what, std::intmax_t(with) - std::intmax_t(without));
    EXPECT_GT(with, without);
    return with - without;
  }

  std::optional<bench::Counter> instructions_;
  RawInvoke call_{number(Op::null), {}};
  std::uint64_t off_ = 0;
};

TEST_F(LatCostTest, ANullInvocationCostsLessThan1200More) {
  const Tool lat({"qtee-lat"});
  EXPECT_LT(more("with qtee-lat", off_), kMost);
}

TEST_F(LatCostTest, OnTopOfAllEventsToo) {
  KernelTrace trace({"qtee:"});
  trace.start();
  const std::uint64_t events = more("with all events to the kernel's trace buffer", off_);
  {
    const Tool lat({"qtee-lat"});
    EXPECT_LT(more("with qtee-lat beside", off_ + events), kMost);
  }
  EXPECT_GT(trace.stop().size(), 0u);
}

/// What the man pages say of the others.
TEST_F(LatCostTest, OtherTools) {
  for (const char* tool : {"qtee-top", "qtee-slow", "qtee-stacks", "qtee-trace", "qtee-tune"}) {
    const Tool running({tool});
    more((std::string("with ") + tool).c_str(), off_);
  }
}

}  // namespace
}  // namespace qtee::test
