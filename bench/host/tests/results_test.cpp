// SPDX-License-Identifier: BSD-3-Clause
#include "results.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "sample.hpp"

namespace qtee::bench {
namespace {

TEST(ResultsTest, NamesHaveAPathAndSomebody) {
  EXPECT_EQ(name_path("invoke/none/qtee-direct"), "invoke/none");
  EXPECT_EQ(name_who("invoke/none/qtee-direct"), "qtee-direct");
}

TEST(ResultsTest, ValuesAreMedians) {
  const Results results = Sample().add("a/b/c", "real_time", {9, 1, 2}).add_mean("a/b/c", "real_time", 4).results();
  EXPECT_EQ(results.value("a/b/c", "real_time"), 2);
  EXPECT_EQ(results.names().size(), 1u);
  EXPECT_TRUE(std::isnan(results.value("a/b/c", "smcs")));
  EXPECT_TRUE(std::isnan(results.value("x/y/z", "smcs")));
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

TEST(ResultsTest, CountsJoinTimes) {
  const Json exact =
      Sample().add("a/b/qtee", "kernel_instructions", {1699}).add("a/only/qtee", "kernel_instructions", {7}).json();
  Sample times;
  times.add("a/b/qtee", "real_time", {10, 11, 12}).add_mean("a/b/qtee", "real_time", 11).with("icount", "0");
  const Json joined = results_join(exact, times.json(), {{"commit", "abc"}});
  const Results results(joined);
  EXPECT_EQ(results.value("a/b/qtee", "real_time"), 11);
  EXPECT_EQ(results.values("a/b/qtee", "kernel_instructions"), (std::vector<double>{1699, 1699, 1699}));
  EXPECT_EQ(results.value("a/only/qtee", "kernel_instructions"), 7);
  EXPECT_EQ(results.context("commit"), "abc");
  EXPECT_EQ(results.context("icount"), "1");
  for (const Json& entry : joined["benchmarks"]) EXPECT_TRUE(entry.contains("kernel_instructions")) << entry;
}

TEST(ResultsTest, BudgetsJoinToo) {
  Sample exact, times;
  exact.add("a/b/qtee", "kernel_instructions", {30}).add("a/c/qtee", "kernel_instructions", {40});
  times.add("a/b/qtee", "real_time", {10, 11}).add("a/c/qtee", "real_time", {10});
  const Json budgets{{"a/b/qtee", {{"budget_entry", 10}, {"budget_copy", 20}}}, {"a/c/qtee", {{"budget_entry", 39}}}};
  const Results results(results_join(exact.json(), times.json(), {}, budgets));
  EXPECT_EQ(results.values("a/b/qtee", "budget_copy"), (std::vector<double>{20, 20}));
  const auto lines = budgets_check(budgets, results);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("a/c/qtee:")) << lines[0];
}

TEST(ResultsTest, InPlaceIsComparedWithNone) {
  Sample exact;
  exact.add("invoke/none/qtee", "kernel_instructions", {1700});
  exact.add("invoke/64KiB_placed/qtee", "kernel_instructions", {1950});
  const Results results(results_join(exact.json(), Sample().json(), {}));
  EXPECT_EQ(results.value("invoke/64KiB_placed/qtee", "over_none"), 250);
  EXPECT_TRUE(std::isnan(results.value("invoke/none/qtee", "over_none")));
}

TEST(ResultsTest, AFileThatIsNoneIsTold) {
  EXPECT_THROW(Results::load("/nonexistent"), std::runtime_error);
  EXPECT_THROW(Results(Json{{"context", Json::object()}}), Json::exception);
}

}  // namespace
}  // namespace qtee::bench
