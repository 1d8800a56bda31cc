// SPDX-License-Identifier: BSD-3-Clause
#include "gate.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace qtee::bench {
namespace {

TEST(GateTest, OurPathsAreRecorded) {
  const Json recorded = gate_record(Sample()
                                        .add("invoke/none/floor", "kernel_instructions", {1010})
                                        .add("invoke/none/mainline", "kernel_instructions", {8566})
                                        .add("invoke/none/qtee", "kernel_instructions", {1699})
                                        .add("callbacks/user/qtee", "smcs", {2})
                                        .results());
  EXPECT_EQ(recorded, (Json{{"invoke/none/qtee", 1699.0}}));
}

TEST(GateTest, GrowthByMoreThanHalfAPercentFails) {
  const auto lines = [](double now) {
    return gate_check({{"invoke/none/qtee", 2000}},
                      Sample().add("invoke/none/qtee", "kernel_instructions", {now}).results());
  };
  EXPECT_TRUE(lines(1500).empty());
  EXPECT_TRUE(lines(2010).empty());
  EXPECT_EQ(lines(2011).size(), 1u);
}

TEST(GateTest, WhatIsNotMeasuredFails) {
  EXPECT_EQ(gate_check({{"invoke/none/qtee", 2000}}, Sample().add("a/b/qtee", "smcs", {1}).results()).size(), 1u);
}

}  // namespace
}  // namespace qtee::bench
