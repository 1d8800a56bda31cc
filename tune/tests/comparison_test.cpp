// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace qtee::tune {
namespace {

Compared compared(std::vector<double> before, std::vector<double> after, bool counts = true, double least = 0) {
  return compare({"x", "x", 0.01, least, counts, std::move(before), std::move(after)});
}

TEST(RankTest, KnownValues) {
  // All of one below all of the other: 2 of so many ways to choose.
  EXPECT_NEAR(rank_test({1, 2, 3}, {4, 5, 6}), 2.0 / 20, 1e-12);
  EXPECT_NEAR(rank_test({1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}), 2.0 / 252, 1e-12);
  EXPECT_NEAR(rank_test({6, 7, 8, 9, 10}, {1, 2, 3, 4, 5}), 2.0 / 252, 1e-12);
  // One pair exchanged: 2 of 20 as far out, and 2 farther.
  EXPECT_NEAR(rank_test({1, 2, 4}, {3, 5, 6}), 4.0 / 20, 1e-12);
}

TEST(RankTest, TiesAndNothing) {
  EXPECT_EQ(rank_test({5, 5, 5, 5, 5}, {5, 5, 5, 5, 5}), 1);
  EXPECT_NEAR(rank_test({5, 5, 5, 5, 5}, {4, 4, 4, 4, 4}), 2.0 / 252, 1e-12);
  EXPECT_EQ(rank_test({}, {1}), 1);
  EXPECT_EQ(rank_test({1}, {}), 1);
}

TEST(RankTest, ManyAreReckonedByTheNormalDistribution) {
  std::vector<double> low, high, same;
  for (int i = 0; i < 30; ++i) low.push_back(i), high.push_back(i + 100), same.push_back(i + 0.5);
  EXPECT_LT(rank_test(low, high), 1e-6);
  EXPECT_GT(rank_test(low, same), 0.5);
  EXPECT_EQ(rank_test(std::vector<double>(30, 1), std::vector<double>(30, 1)), 1);
}

TEST(Median, OfFewAndNone) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(Compare, WhatIsClearIsAChange) {
  EXPECT_EQ(compared({100, 101, 102, 103, 104}, {90, 91, 92, 93, 94}).change, Change::better);
  EXPECT_EQ(compared({90, 91, 92, 93, 94}, {100, 101, 102, 103, 104}).change, Change::worse);
  EXPECT_NEAR(*compared({100, 100, 100, 100, 100}, {90, 90, 90, 90, 90}).ratio, 0.9, 1e-12);
}

TEST(Compare, WhatIsNotIsNone) {
  EXPECT_EQ(compared({100, 90, 110, 95, 105}, {98, 91, 107, 99, 101}).change, Change::same) << "mixed";
  EXPECT_EQ(compared({1000, 1000, 1000, 1000, 1000}, {999, 999, 999, 999, 999}).change, Change::same) << "tiny";
  EXPECT_EQ(compared({2, 2, 2, 2, 2}, {1, 1, 1, 1, 1}, true, 1).change, Change::same) << "below the least";
  EXPECT_EQ(compared({100, 101, 102, 103}, {1, 2, 3, 4}).change, Change::same) << "too few rounds to be sure";
}

TEST(Compare, FromNothing) {
  const Compared one = compared({0, 0, 0, 0, 0}, {3, 3, 3, 3, 3});
  EXPECT_EQ(one.change, Change::worse);
  EXPECT_FALSE(one.ratio);
}

const Compared kBetter = compared({10, 10, 10, 10, 10}, {5, 5, 5, 5, 5}),
               kWorse = compared({5, 5, 5, 5, 5}, {10, 10, 10, 10, 10}),
               kSame = compared({5, 5, 5, 5, 5}, {5, 5, 5, 5, 5}),
               kCost = compared({5, 5, 5, 5, 5}, {10, 10, 10, 10, 10}, false);

TEST(Judge, BetterAndNothingWorseIsKept) {
  EXPECT_TRUE(judge({kBetter, kSame}).keep);
  EXPECT_FALSE(judge({kSame, kSame}).keep);
  EXPECT_FALSE(judge({kBetter, kWorse}).keep);
  EXPECT_FALSE(judge({kWorse}).keep);
  EXPECT_FALSE(judge({}).keep);
}

TEST(Judge, WhatIsACostIsSaidAndDoesNotCount) {
  EXPECT_TRUE(judge({kBetter, kCost}).keep);
  EXPECT_NE(judge({kBetter, kCost}).reason.find("it costs: x +100.0 %"), std::string::npos);
  EXPECT_FALSE(judge({kSame, kCost}).keep);
}

}  // namespace
}  // namespace qtee::tune
