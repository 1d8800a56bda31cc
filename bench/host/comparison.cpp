// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <sstream>

#include "rank_test.hpp"

namespace qtee::bench {
namespace {

// A count of 0 that is none any more has changed by any measure.
bool differs(double before, double after, double share) {
  return std::abs(after - before) > share * std::max(std::abs(before), 1e-9);
}

Change::Kind direction(double before, double after, const std::string& counter) {
  const bool more_is_better = counter == "speedup";
  return (after > before) == more_is_better ? Change::Kind::better : Change::Kind::worse;
}

// Whether a run did not mean to measure all that the other one did of this name: a short one, or one of other suites.
bool leaves_out(const Results& run, const Results& other, const std::string& name) {
  if (run.context("quick") == "1" && other.context("quick") != "1") return true;
  std::istringstream suites(run.context("suites"));
  const std::vector<std::string> chosen{std::istream_iterator<std::string>(suites), {}};
  return !chosen.empty() && std::ranges::find(chosen, name.substr(0, name.find('/'))) == chosen.end();
}

}  // namespace

bool Comparison::regressed() const {
  return std::ranges::any_of(changes, [](const Change& change) {
    return change.kind == Change::Kind::worse || change.kind == Change::Kind::gone;
  });
}

Comparison compare(const Results& before, const Results& after, const ComparisonOptions& options) {
  Comparison comparison;
  for (const char* key : {"kernel", "machine", "cpu_model", "cpus", "qemu", "icount", "settings", "quick", "suites"})
    if (before.context(key) != after.context(key))
      comparison.environment.push_back(fmt::format("{}: {}, then {}", key, before.context(key), after.context(key)));

  const bool unlike =
      before.context("quick") != after.context("quick") || before.context("suites") != after.context("suites");
  for (const std::string& name : before.names()) {
    const bool left_out = leaves_out(after, before, name);
    if (!after.has(name)) {
      if (left_out)
        ++comparison.left_out;
      else
        comparison.changes.push_back({Change::Kind::gone, name, "", 0, 0, 0});
      continue;
    }
    for (const std::string& counter : before.counters(name)) {
      const double old_value = before.value(name, counter), new_value = after.value(name, counter);
      if (counter_is_exact(counter)) {
        if (left_out && std::isnan(new_value)) continue;
        // What was measured before in the same boot is in some counts.
        if (unlike && differs(old_value, new_value, options.exact)) {
          ++comparison.unlike;
          continue;
        }
        ++comparison.counts;
        if (std::isnan(new_value))
          comparison.changes.push_back({Change::Kind::gone, name, counter, old_value, 0, 0});
        else if (differs(old_value, new_value, options.exact))
          comparison.changes.push_back(
              {direction(old_value, new_value, counter), name, counter, old_value, new_value, 0});
      } else if (counter == "p50_ns" || counter == "speedup") {
        const auto &old_values = before.values(name, counter), &new_values = after.values(name, counter);
        if (old_values.size() < kRepetitionsLeast || new_values.size() < kRepetitionsLeast) {
          ++comparison.few;
          continue;
        }
        ++comparison.times;
        const double probability = rank_test(old_values, new_values);
        if (probability < options.alpha && differs(old_value, new_value, options.effect))
          comparison.changes.push_back(
              {direction(old_value, new_value, counter), name, counter, old_value, new_value, probability});
      }
    }
  }
  for (const std::string& name : after.names())
    if (!before.has(name) && !leaves_out(before, after, name))
      comparison.changes.push_back({Change::Kind::added, name, "", 0, 0, 0});
  return comparison;
}

}  // namespace qtee::bench
