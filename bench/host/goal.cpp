// SPDX-License-Identifier: BSD-3-Clause
#include "goal.hpp"

#include <cmath>
#include <stdexcept>

namespace qtee::bench {

double Goal::target(const Results& results) const { return of.empty() ? value : value * results.value(of, counter); }

std::optional<bool> Goal::met(const Results& results) const {
  const double is = results.value(name(), counter), should = target(results);
  if (std::isnan(is) || std::isnan(should)) return {};
  return at_least ? is >= should : is <= should;
}

std::vector<Goal> goals_load(const std::string& path) {
  std::vector<Goal> goals;
  try {
    for (const Json& entry : json_load(path)) {
      Goal goal{entry.at("path"), entry.at("who"), entry.at("counter")};
      goal.of = entry.value("of", "");
      goal.value = entry.at(goal.of.empty() ? "goal" : "ratio");
      goal.at_least = entry.value("at_least", false);
      goals.push_back(std::move(goal));
    }
  } catch (const Json::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
  return goals;
}

}  // namespace qtee::bench
