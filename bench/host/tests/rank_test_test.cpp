// SPDX-License-Identifier: BSD-3-Clause
#include "rank_test.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace qtee::bench {
namespace {

using Values = std::vector<double>;

// Of 20 ways to order 3 and 3 values, two are as far apart as can be.
TEST(RankTest, IsExactForFewValues) {
  EXPECT_NEAR(rank_test({1, 2, 3}, {4, 5, 6}), 2.0 / 20, 1e-12);
  EXPECT_NEAR(rank_test({4, 5, 6}, {1, 2, 3}), 2.0 / 20, 1e-12);
  EXPECT_NEAR(rank_test({1, 2, 4}, {3, 5, 6}), 4.0 / 20, 1e-12);
  EXPECT_NEAR(rank_test({1, 2, 3, 4, 5, 6, 7, 8, 9}, {10, 11, 12, 13, 14, 15, 16, 17, 18}), 2.0 / 48620, 1e-12);
}

TEST(RankTest, NothingIsToldOfValuesThatAreMixed) {
  EXPECT_GT(rank_test({1, 4, 5, 8, 9}, {2, 3, 6, 7, 10}), 0.5);
  EXPECT_EQ(rank_test({1, 4}, {2, 3}), 1);
}

TEST(RankTest, TiesShareTheirRanks) {
  EXPECT_EQ(rank_test({5, 5, 5}, {5, 5, 5}), 1);
  EXPECT_GT(rank_test({1, 2, 2, 3, 3, 3}, {2, 2, 3, 3, 3, 4}), 0.1);
  EXPECT_LT(rank_test({1, 1, 1, 1, 2, 2, 2, 2, 2}, {3, 3, 3, 3, 3, 4, 4, 4, 4}), 0.001);
}

// By hand: U = 0 of 25 x 25, mean 312.5, variance 2656.25, so z = 312 / 51.54 = 6.05.
TEST(RankTest, IsNormalForMany) {
  Values low(25), high(25);
  std::iota(low.begin(), low.end(), 0);
  std::iota(high.begin(), high.end(), 100);
  EXPECT_NEAR(rank_test(low, high) / 1.42e-9, 1, 0.05);
}

TEST(RankTest, NoValuesTellNothing) {
  EXPECT_EQ(rank_test({}, {1, 2}), 1);
  EXPECT_EQ(rank_test({1, 2}, {}), 1);
}

}  // namespace
}  // namespace qtee::bench
