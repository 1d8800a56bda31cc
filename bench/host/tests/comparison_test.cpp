// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace qtee::bench {
namespace {

using Kind = Change::Kind;

Results counted(double value) { return Sample().add("invoke/none/qtee", "kernel_instructions", {value}).results(); }

TEST(ComparisonTest, TheSameIsNoChange) {
  const Comparison same = compare(counted(1699), counted(1699));
  EXPECT_TRUE(same.changes.empty());
  EXPECT_FALSE(same.regressed());
  EXPECT_EQ(same.counts, 1u);
}

TEST(ComparisonTest, CountsMayDifferByAThousandth) {
  EXPECT_TRUE(compare(counted(10000), counted(10010)).changes.empty());
  EXPECT_TRUE(compare(counted(10000), counted(9990)).changes.empty());
  const Comparison worse = compare(counted(10000), counted(10011));
  ASSERT_EQ(worse.changes.size(), 1u);
  EXPECT_EQ(worse.changes[0].kind, Kind::worse);
  EXPECT_TRUE(worse.regressed());
  const Comparison better = compare(counted(10000), counted(9989));
  ASSERT_EQ(better.changes.size(), 1u);
  EXPECT_EQ(better.changes[0].kind, Kind::better);
  EXPECT_FALSE(better.regressed());
}

TEST(ComparisonTest, WhatWasNoneIsOneMore) {
  const auto allocations = [](double value) {
    return Sample().add("invoke/none/qtee", "allocations", {value}).results();
  };
  EXPECT_FALSE(compare(allocations(0), allocations(0)).regressed());
  EXPECT_TRUE(compare(allocations(0), allocations(1)).regressed());
}

Results timed(std::initializer_list<double> values, const char* counter = "p50_ns") {
  return Sample().add("invoke/none/qtee", counter, values).results();
}

TEST(ComparisonTest, TimesAreToldApartByRank) {
  const Results before = timed({100, 101, 102, 103, 104, 105, 106, 107, 108});
  EXPECT_TRUE(compare(before, timed({100.5, 99, 110, 120, 103.5, 95, 101.5, 104.5, 130})).changes.empty());
  const Comparison slower = compare(before, timed({120, 121, 122, 123, 124, 125, 126, 127, 128}));
  ASSERT_EQ(slower.changes.size(), 1u);
  EXPECT_EQ(slower.changes[0].kind, Kind::worse);
  EXPECT_LT(slower.changes[0].probability, 0.001);
  EXPECT_EQ(slower.times, 1u);
  // Surely slower, but by little.
  EXPECT_TRUE(compare(before, timed({109, 109.1, 109.2, 109.3, 109.4, 108.5, 108.6, 108.7, 108.8}), {.effect = 0.1})
                  .changes.empty());
}

TEST(ComparisonTest, TooFewRepetitionsTellNothing) {
  const Comparison few = compare(timed({1, 2, 3}), timed({10, 20, 30}));
  EXPECT_TRUE(few.changes.empty());
  EXPECT_EQ(few.few, 1u);
  EXPECT_EQ(few.times, 0u);
}

TEST(ComparisonTest, MoreSpeedupIsBetter) {
  const Results slow = timed({1.0, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08}, "speedup");
  const Results fast = timed({1.9, 1.91, 1.92, 1.93, 1.94, 1.95, 1.96, 1.97, 1.98}, "speedup");
  EXPECT_FALSE(compare(slow, fast).regressed());
  EXPECT_TRUE(compare(fast, slow).regressed());
}

TEST(ComparisonTest, WhatIsGoneIsTold) {
  const Results both = Sample().add("a/b/qtee", "smcs", {1}).add("a/c/qtee", "smcs", {1}).results();
  const Results one = Sample().add("a/b/qtee", "smcs", {1}).results();
  EXPECT_TRUE(compare(both, one).regressed());
  const Comparison more = compare(one, both);
  EXPECT_FALSE(more.regressed());
  ASSERT_EQ(more.changes.size(), 1u);
  EXPECT_EQ(more.changes[0].kind, Kind::added);
  EXPECT_EQ(more.changes[0].name, "a/c/qtee");
  EXPECT_TRUE(
      compare(both, Sample().add("a/b/qtee", "smcs", {1}).add("a/c/qtee", "max_ns", {1}).results()).regressed());
}

TEST(ComparisonTest, WhatAShortRunLeavesOutIsNotGone) {
  const auto sample = [](const char* quick, const char* suites) {
    return Sample().with("quick", quick).with("suites", suites).add("a/b/qtee", "smcs", {1});
  };
  const Results full = sample("0", "").add("a/slow/qtee", "smcs", {1}).add("b/c/qtee", "smcs", {1}).results();
  for (const Results& less :
       {sample("1", "").results(), sample("0", "a x").add("a/slow/qtee", "smcs", {1}).results()}) {
    const Comparison comparison = compare(full, less);
    EXPECT_TRUE(comparison.changes.empty());
    EXPECT_GE(comparison.left_out, 1u);
    EXPECT_EQ(comparison.counts, less.names().size());
    EXPECT_EQ(comparison.environment.size(), 1u);
    EXPECT_TRUE(compare(less, full).changes.empty());
  }
  const auto create = [](const char* quick, double count) {
    return Sample().with("quick", quick).add("objects/create/qtee", "kernel_instructions", {count}).results();
  };
  EXPECT_TRUE(compare(create("1", 3742), create("0", 4121)).changes.empty());
  EXPECT_EQ(compare(create("1", 3742), create("0", 4121)).unlike, 1u);
  EXPECT_TRUE(compare(create("1", 3742), create("1", 4121)).regressed());
  // Of its own suites, all is expected; and of another short run.
  EXPECT_TRUE(compare(full, sample("0", "a").results()).regressed());
  EXPECT_TRUE(compare(sample("1", "").add("b/c/qtee", "smcs", {1}).results(), sample("1", "").results()).regressed());
}

TEST(ComparisonTest, AnotherEnvironmentIsTold) {
  const Results other = Sample().with("cpu_model", "other").add("a/b/qtee", "smcs", {1}).results();
  EXPECT_EQ(compare(other, Sample().add("a/b/qtee", "smcs", {1}).results()).environment.size(), 1u);
}

}  // namespace
}  // namespace qtee::bench
