// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <string>

#include "results.hpp"

namespace qtee::bench {

/// Results as the guest writes them.
class Sample final {
 public:
  /// An entry for each value of the counter.
  Sample& add(const std::string& name, const std::string& counter, std::initializer_list<double> values) {
    int repetition = 0;
    for (const double value : values)
      entries_.push_back({{"name", name},
                          {"run_name", name},
                          {"run_type", "iteration"},
                          {"repetitions", values.size()},
                          {"repetition_index", repetition++},
                          {"iterations", 100},
                          {counter, value}});
    return *this;
  }
  Sample& add_mean(const std::string& name, const std::string& counter, double value) {
    entries_.push_back({{"name", name + "_mean"},
                        {"run_name", name},
                        {"run_type", "aggregate"},
                        {"aggregate_name", "mean"},
                        {counter, value}});
    return *this;
  }
  Sample& with(const std::string& key, const std::string& value) {
    context_[key] = value;
    return *this;
  }
  Json json() const { return {{"context", context_}, {"benchmarks", entries_}}; }
  Results results() const { return Results(json()); }

 private:
  Json context_ = {{"icount", "1"}};
  Json entries_ = Json::array();
};

}  // namespace qtee::bench
