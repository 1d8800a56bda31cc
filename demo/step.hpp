// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace qtee::demo {

/// Runs steps one by one, and says what each did and how long it took: as a line each, or all as JSON in the end.
class Steps final {
 public:
  explicit Steps(bool json) : json_(json) {}

  /// Runs `work`, which answers what happened. An exception makes the step fail, is told, and is passed on.
  void run(const std::string& name, const std::function<std::string()>& work);

  /// What was run as JSON, with `clean`: whether nothing was left alive.
  std::string json(bool clean) const;

 private:
  struct Step {
    std::string name;
    std::string what;
    std::chrono::nanoseconds time;
    bool passed;
  };

  void record(Step step);

  bool json_;
  std::vector<Step> steps_;
};

}  // namespace qtee::demo
