// SPDX-License-Identifier: BSD-3-Clause
#include "gate.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace qtee::bench {
namespace {

Json recorded() {
  Json counts;
  counts["invoke/none/qtee"] = 2000;
  return counts;
}

TEST(GateTest, OurPathsAreRecorded) {
  const Json kept = gate_record(Sample()
                                    .add("invoke/none/floor", "kernel_instructions", {1010})
                                    .add("invoke/none/mainline", "kernel_instructions", {8566})
                                    .add("invoke/none/qtee", "kernel_instructions", {1699})
                                    .add("callbacks/user/qtee", "smcs", {2})
                                    .add("pools/spare/qtee", "kernel_instructions", {2057})
                                    .results());
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept.at("invoke/none/qtee"), 1699.0);
}

TEST(GateTest, GrowthByMoreThanHalfAPercentFails) {
  const auto lines = [](double now) {
    return gate_check(recorded(), Sample().add("invoke/none/qtee", "kernel_instructions", {now}).results());
  };
  EXPECT_TRUE(lines(1500).empty());
  EXPECT_TRUE(lines(2010).empty());
  EXPECT_EQ(lines(2011).size(), 1u);
}

TEST(GateTest, WhatIsNotMeasuredFails) {
  EXPECT_EQ(gate_check(recorded(), Sample().add("a/b/qtee", "smcs", {1}).results()).size(), 1u);
}

}  // namespace
}  // namespace qtee::bench
