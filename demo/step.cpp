// SPDX-License-Identifier: BSD-3-Clause
#include "step.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

namespace qtee::demo {

void Steps::run(const std::string& name, const std::function<std::string()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    std::string what = work();
    record({name, std::move(what), std::chrono::steady_clock::now() - begin, true});
  } catch (const std::exception& error) {
    record({name, error.what(), std::chrono::steady_clock::now() - begin, false});
    throw;
  }
}

void Steps::record(Step step) {
  if (!json_) {
    const double us = std::chrono::duration<double, std::micro>(step.time).count();
    fmt::print("{} {:<10} {:>10.1f} us  {}\n", step.passed ? " ok " : "FAIL", step.name, us, step.what);
    std::fflush(stdout);
  }
  steps_.push_back(std::move(step));
}

std::string Steps::json(bool clean) const {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  bool passed = clean;
  for (const Step& step : steps_) {
    passed = passed && step.passed;
    steps.push_back({{"name", step.name},
                     {"what", step.what},
                     {"microseconds", std::chrono::duration<double, std::micro>(step.time).count()},
                     {"passed", step.passed}});
  }
  return nlohmann::ordered_json{{"passed", passed}, {"clean", clean}, {"steps", std::move(steps)}}.dump(2);
}

}  // namespace qtee::demo
