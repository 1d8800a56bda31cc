// SPDX-License-Identifier: BSD-3-Clause
#include "goal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_file.hpp"

namespace qtee::dashboard::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

TEST(GoalTest, NumbersAndRatios) {
  const auto goals = goals_parse("goals.json", R"([
    {"path": "invoke/none", "who": "qtee", "counter": "kernel_instructions", "goal": 2000},
    {"path": "objects/release", "who": "tee", "counter": "real_time", "of": "objects/release/mainline", "ratio": 0.01}])");
  ASSERT_EQ(goals.size(), 2u);
  EXPECT_EQ(goals[1]["ratio"], 0.01);
}

TEST(GoalTest, BadOnesAreToldWithTheirPlace) {
  const auto expect = [](const std::string& text, const std::string& told) {
    EXPECT_THAT([&] { goals_parse("goals.json", text); },
                ThrowsMessage<BadFile>(AllOf(StartsWith("goals.json: "), HasSubstr(told))))
        << text;
  };
  expect("{}", "not a JSON list");
  expect("[", "not a JSON list");
  expect("[1]", "[0]: not an object");
  expect(R"([{"path": "a/b", "who": "qtee"}])", "\"counter\" is missing");
  expect(R"([{"path": "a/b", "who": "qtee", "counter": "smcs"}])", "\"goal\" is missing");
  expect(R"([{"path": "a/b", "who": "qtee", "counter": "smcs", "goal": "1"}])", "\"goal\" is missing or not a number");
  expect(R"([{"path": "a/b", "who": "qtee", "counter": "smcs", "ratio": 1}])", "belong together");
  expect(R"([{"path": "a/b", "who": "qtee", "counter": "smcs", "goal": 1, "ratio": 1, "of": "a/b/tee"}])", "both");
}

}  // namespace
}  // namespace qtee::dashboard::test
