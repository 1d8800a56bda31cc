// SPDX-License-Identifier: BSD-3-Clause
#include "goal.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sample.hpp"
#include "table.hpp"

namespace qtee::bench {
namespace {

TEST(GoalTest, ANumber) {
  const Goal goal{"invoke/none", "qtee", "kernel_instructions", 2000};
  EXPECT_EQ(goal.met(Sample().add("invoke/none/qtee", "kernel_instructions", {2000}).results()), true);
  EXPECT_EQ(goal.met(Sample().add("invoke/none/qtee", "kernel_instructions", {2001}).results()), false);
  EXPECT_EQ(goal.met(Sample().add("invoke/none/tee", "kernel_instructions", {1}).results()), std::nullopt);
}

TEST(GoalTest, AtLeast) {
  const Goal goal{"threads/2x500us", "qtee-direct", "speedup", 1.9, "", true};
  EXPECT_EQ(goal.met(Sample().add("threads/2x500us/qtee-direct", "speedup", {1.95}).results()), true);
  EXPECT_EQ(goal.met(Sample().add("threads/2x500us/qtee-direct", "speedup", {1.85}).results()), false);
}

TEST(GoalTest, AShareOfAnother) {
  const Goal goal{"objects/release", "qtee", "p50_ns", 0.01, "objects/release/mainline"};
  Sample sample;
  sample.add("objects/release/qtee", "p50_ns", {5000});
  EXPECT_EQ(goal.met(sample.results()), std::nullopt);
  sample.add("objects/release/mainline", "p50_ns", {8e6, 7e6, 9e6});
  EXPECT_EQ(goal.target(sample.results()), 80000);
  EXPECT_EQ(goal.met(sample.results()), true);
}

// The file that is in git: each goal is of a path, and each is met or not where all is measured.
TEST(GoalTest, TheRepositorysGoalsAreRead) {
  const std::vector<Goal> goals = goals_load(QTEE_BENCH "/goals.json");
  EXPECT_GT(goals.size(), 20u);
  for (const Goal& goal : goals) {
    Sample sample;
    sample.add(goal.name(), goal.counter, {1});
    if (!goal.of.empty()) sample.add(goal.of, goal.counter, {1e9});
    EXPECT_TRUE(goal.met(sample.results()).has_value()) << goal.name();
  }
}

TEST(TableTest, TellsWhatIsMet) {
  const Results results = Sample()
                              .with("kernel", "7.3.4")
                              .add("invoke/none/mainline", "kernel_instructions", {8566})
                              .add("invoke/none/qtee", "kernel_instructions", {1699})
                              .add("invoke/none/qtee-direct", "kernel_instructions", {1300})
                              .results();
  const std::string text = table_text(results, {{"invoke/none", "qtee", "kernel_instructions", 2000},
                                                {"invoke/none", "qtee-direct", "kernel_instructions", 1250},
                                                {"invoke/none", "tee", "kernel_instructions", 1}});
  EXPECT_NE(text.find("kernel: 7.3.4"), text.npos) << text;
  EXPECT_NE(text.find("yes, NO, ?"), text.npos) << text;
  EXPECT_NE(text.find("15 %"), text.npos) << text;
  EXPECT_NE(text.find("1 met, 1 not met, 1 not measured"), text.npos) << text;
}

TEST(TableTest, TellsTheRatioOfAGoalThatIsOne) {
  const Results results = Sample()
                              .add("callbacks/user/mainline", "p50_ns", {1000})
                              .add("callbacks/user/qtee", "p50_ns", {250})
                              .add("invoke/1MiB_in/qtee", "p50_ns", {3000})
                              .add("floor/memcpy_1MiB/floor", "p50_ns", {1500})
                              .results();
  const std::string text = table_text(results, {{"callbacks/user", "qtee", "p50_ns", 0.5, "callbacks/user/mainline"},
                                                {"invoke/1MiB_in", "qtee", "p50_ns", 1.5, "floor/memcpy_1MiB/floor"}});
  EXPECT_NE(text.find("qtee 0.5 x mainline | yes (0.25 x)"), text.npos) << text;
  EXPECT_NE(text.find("qtee 1.5 x floor/memcpy_1MiB/floor |     NO (2 x)"), text.npos) << text;
}

}  // namespace
}  // namespace qtee::bench
