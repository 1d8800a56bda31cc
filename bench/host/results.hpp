// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace qtee::bench {

using Json = nlohmann::ordered_json;

/// Counters that are exact where they come from a run with icount; the others are of times.
bool counter_is_exact(const std::string& counter);

/// What one file of results says: a value for each repetition of each counter of each name. A name is "suite/path/who".
class Results final {
 public:
  /// Throws std::runtime_error where the file is none.
  static Results load(const std::string& path);
  explicit Results(const Json& json);

  /// In the order of the file.
  const std::vector<std::string>& names() const { return names_; }
  bool has(const std::string& name) const { return values_.contains(name); }
  /// Of all repetitions; empty where it was not measured.
  const std::vector<double>& values(const std::string& name, const std::string& counter) const;
  /// Counters of a name: those of Google Benchmark's, as real_time, among them.
  std::vector<std::string> counters(const std::string& name) const;
  /// The median of the repetitions; NaN where it was not measured.
  double value(const std::string& name, const std::string& counter) const;
  /// A key of the context; empty where there is none.
  std::string context(const std::string& key) const;

 private:
  Json context_;
  std::vector<std::string> names_;
  std::map<std::string, std::map<std::string, std::vector<double>>> values_;
};

/// The results of one kernel: times of one run, with the counts of another one, exact ones, in each of their entries,
/// and `context` on top of theirs. Paths in place get the counter "over_none": their kernel instructions less those of
/// an invocation without arguments on the same way. `budgets` has counters, by names, that are added.
Json results_join(const Json& exact, const Json& times, const std::map<std::string, std::string>& context,
                  const Json& budgets = Json::object());

/// A line for each of the budgets whose phases do not add up to the kernel instructions of the name.
std::vector<std::string> budgets_check(const Json& budgets, const Results& results);

/// A file's JSON. Throws std::runtime_error.
Json json_load(const std::string& path);
/// Throws std::runtime_error.
void json_save(const std::string& path, const Json& json);

/// "invoke/none" and "qtee" of "invoke/none/qtee".
std::string name_path(const std::string& name);
std::string name_who(const std::string& name);

double median(std::vector<double> values);

}  // namespace qtee::bench
