// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results.hpp"

namespace qtee::bench {

/// What a figure should be, of bench/goals.json.
struct Goal {
  std::string path, who, counter;
  double value = 0;       // the goal, or the share of `of`
  std::string of = {};    // a name whose figure it is a share of; empty: none
  bool at_least = false;  // more is better

  std::string name() const { return path + "/" + who; }
  /// The goal as a number: NaN where what it is a share of was not measured.
  double target(const Results& results) const;
  /// Nothing where it, or what it is compared with, was not measured.
  std::optional<bool> met(const Results& results) const;
};

/// Throws std::runtime_error where the file is not as bench/README.md says.
std::vector<Goal> goals_load(const std::string& path);

}  // namespace qtee::bench
