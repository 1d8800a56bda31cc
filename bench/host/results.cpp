// SPDX-License-Identifier: BSD-3-Clause
#include "results.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <stdexcept>

namespace qtee::bench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Numbers of an entry that say how it was run, not what it costs.
bool is_bookkeeping(const std::string& key) {
  static const std::set<std::string> kKeys{
      "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations"};
  return kKeys.contains(key);
}

bool is_iteration(const Json& entry) { return entry.value("run_type", "iteration") == "iteration"; }

}  // namespace

bool counter_is_exact(const std::string& counter) {
  static const std::set<std::string> kExact{"kernel_instructions", "user_instructions", "smcs",     "allocations",
                                            "bytes_copied",        "bytes_zeroed",      "over_none"};
  return kExact.contains(counter) || counter.starts_with("budget_");
}

Json json_load(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("can't read " + path);
  try {
    return Json::parse(file);
  } catch (const Json::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
}

void json_save(const std::string& path, const Json& json) {
  std::ofstream file(path);
  file << json.dump(1) << "\n";
  if (!file.flush()) throw std::runtime_error("can't write " + path);
}

std::string name_path(const std::string& name) { return name.substr(0, name.rfind('/')); }
std::string name_who(const std::string& name) { return name.substr(name.rfind('/') + 1); }

double median(std::vector<double> values) {
  if (values.empty()) return kNaN;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Results Results::load(const std::string& path) {
  try {
    return Results(json_load(path));
  } catch (const Json::exception& error) {
    throw std::runtime_error(path + " is no file of results: " + error.what());
  }
}

Results::Results(const Json& json) : context_(json.at("context")) {
  for (const Json& entry : json.at("benchmarks")) {
    if (!is_iteration(entry)) continue;
    const std::string name = entry.at("name");
    if (!values_.contains(name)) names_.push_back(name);
    auto& counters = values_[name];
    for (const auto& [key, value] : entry.items())
      if (value.is_number() && !is_bookkeeping(key)) counters[key].push_back(value.get<double>());
  }
}

const std::vector<double>& Results::values(const std::string& name, const std::string& counter) const {
  static const std::vector<double> kNone;
  const auto counters = values_.find(name);
  if (counters == values_.end()) return kNone;
  const auto values = counters->second.find(counter);
  return values == counters->second.end() ? kNone : values->second;
}

std::vector<std::string> Results::counters(const std::string& name) const {
  std::vector<std::string> counters;
  if (const auto found = values_.find(name); found != values_.end())
    for (const auto& [counter, values] : found->second) counters.push_back(counter);
  return counters;
}

double Results::value(const std::string& name, const std::string& counter) const {
  return median(values(name, counter));
}

std::string Results::context(const std::string& key) const {
  const auto found = context_.find(key);
  if (found == context_.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

Json results_join(const Json& exact, const Json& times, const std::map<std::string, std::string>& context,
                  const Json& budgets) {
  Json joined{{"context", times.at("context")}, {"benchmarks", times.at("benchmarks")}};
  for (const auto& [key, value] : context) joined["context"][key] = value;
  joined["context"]["icount"] = exact.at("context").at("icount");

  std::map<std::string, std::map<std::string, double>> counts;
  std::set<std::string> timed;
  for (const Json& entry : joined["benchmarks"]) timed.insert(entry.at("run_name"));
  for (const Json& entry : exact.at("benchmarks")) {
    const std::string name = entry.at("run_name");
    // Its times are of another clock; but where there are no others, it is all that there is.
    if (!timed.contains(name)) joined["benchmarks"].push_back(entry);
    for (const auto& [key, value] : entry.items())
      if (counter_is_exact(key)) counts[name][key] = value;
  }
  for (const auto& [name, phases] : budgets.items())
    for (const auto& [key, value] : phases.items()) counts[name][key] = value;
  // What arguments in place cost beside none at all.
  for (auto& [name, counters] : counts) {
    const auto none = counts.find("invoke/none/" + name_who(name));
    if (name.find("_placed") != name.npos && none != counts.end())
      counters["over_none"] = counters["kernel_instructions"] - none->second["kernel_instructions"];
  }
  for (Json& entry : joined["benchmarks"]) {
    const std::string aggregate = entry.value("aggregate_name", "");
    if (!aggregate.empty() && aggregate != "mean" && aggregate != "median") continue;
    for (const auto& [key, value] : counts[entry.at("run_name")]) entry[key] = value;
  }
  return joined;
}

std::vector<std::string> budgets_check(const Json& budgets, const Results& results) {
  std::vector<std::string> lines;
  for (const auto& [name, phases] : budgets.items()) {
    double sum = 0;
    for (const auto& [key, value] : phases.items()) sum += value.get<double>();
    const double counted = results.value(name, "kernel_instructions");
    if (sum != counted)
      lines.push_back(
          fmt::format("{}: the budget adds up to {:.0f}, and {:.0f} instructions were counted", name, sum, counted));
  }
  return lines;
}

}  // namespace qtee::bench
