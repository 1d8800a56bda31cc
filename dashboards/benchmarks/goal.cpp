// SPDX-License-Identifier: BSD-3-Clause
#include "goal.hpp"

#include <fmt/format.h>

#include "run_file.hpp"

namespace qtee::dashboard {

nlohmann::ordered_json goals_parse(const std::string& name, const std::string& text) {
  const auto goals = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!goals.is_array()) throw BadFile(fmt::format("{}: not a JSON list", name));
  for (std::size_t i = 0; i < goals.size(); ++i) {
    const auto fail = [&](const std::string& what) { throw BadFile(fmt::format("{}: [{}]: {}", name, i, what)); };
    const auto& goal = goals[i];
    if (!goal.is_object()) fail("not an object");
    for (const char* key : {"path", "who", "counter"})
      if (!goal.contains(key) || !goal[key].is_string()) fail(fmt::format("\"{}\" is missing or not a string", key));
    const bool ratio = goal.contains("ratio");
    const char* key = ratio ? "ratio" : "goal";
    if (ratio && goal.contains("goal")) fail("both \"goal\" and \"ratio\"");
    if (!goal.contains(key) || !goal[key].is_number() || goal[key].get<double>() < 0)
      fail(fmt::format("\"{}\" is missing or not a number from 0 up", key));
    if (goal.contains("at_least") && !goal["at_least"].is_boolean()) fail("\"at_least\" is neither true nor false");
    if (ratio != (goal.contains("of") && goal["of"].is_string())) fail("\"ratio\" and \"of\" belong together");
  }
  return goals;
}

}  // namespace qtee::dashboard
