// SPDX-License-Identifier: BSD-3-Clause
#include "table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace qtee::bench {
namespace {

constexpr const char* kOurs[] = {"tee", "qtee", "qtee-direct"};

struct Column {
  const char* title;
  const char* who;
};
constexpr Column kColumns[] = {{"floor", "floor"},
                               {"mainline", "mainline"},
                               {"ours: /dev/teeN", "tee"},
                               {"ours: /dev/qtee", "qtee"},
                               {"ours: direct", "qtee-direct"}};

// In the order of the table. Those beyond the first two have a row only where there is a goal or they tell of threads.
struct Shown {
  const char* counter;
  const char* title;
  bool always;
};
constexpr Shown kShown[] = {{"kernel_instructions", "instructions", true},
                            {"p50_ns", "time", true},
                            {"speedup", "speedup", true},
                            {"lock_contentions", "lock contentions", true},
                            {"over_none", "more than none", false},
                            {"smcs", "SMCs", false},
                            {"allocations", "allocations", false}};

std::string value_text(const std::string& counter, double value) {
  if (std::isnan(value)) return "-";
  if (counter == "p50_ns")
    return value < 1e5 ? fmt::format("{:.2f} us", value / 1e3) : fmt::format("{:.3f} ms", value / 1e6);
  if (counter == "speedup") return fmt::format("{:.2f}", value);
  return value == std::floor(value) || value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

std::string share_text(double share) {
  return share < 0.1 ? fmt::format("{:.2g} %", 100 * share) : fmt::format("{:.0f} %", 100 * share);
}

// Of mainline's, or of the floor where mainline has none: the best of ours.
std::string ratio_text(const Results& results, const std::string& path, const std::string& counter) {
  double best = NAN;
  for (const char* who : kOurs) {
    const double value = results.value(path + "/" + who, counter);
    if (!std::isnan(value) && (std::isnan(best) || value < best)) best = value;
  }
  const double mainline = results.value(path + "/mainline", counter), floor = results.value(path + "/floor", counter);
  if (std::isnan(best)) return "-";
  if (!std::isnan(mainline) && mainline != 0) return share_text(best / mainline);
  if (!std::isnan(floor) && floor != 0) return fmt::format("{:.2f} x floor", best / floor);
  return "-";
}

// "qtee 2000", "qtee-direct >= 1.90", "qtee 0.333 x mainline", "qtee 1.3 x floor/memcpy_1MiB/floor".
std::string goal_text(const Goal& goal) {
  const std::string what = fmt::format("{}{}", goal.who, goal.at_least ? " >=" : "");
  if (goal.of.empty()) return fmt::format("{} {}", what, value_text(goal.counter, goal.value));
  return fmt::format("{} {} x {}", what, goal.value, name_path(goal.of) == goal.path ? name_who(goal.of) : goal.of);
}

// With the ratio where the goal is one.
std::string met_text(const Goal& goal, const Results& results) {
  const auto met = goal.met(results);
  if (!met) return "?";
  const std::string text = *met ? "yes" : "NO";
  if (goal.of.empty()) return text;
  return fmt::format("{} ({:.2g} x)", text,
                     results.value(goal.name(), goal.counter) / results.value(goal.of, goal.counter));
}

using Row = std::vector<std::string>;

std::string rows_text(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (std::size_t at = 0; at < rows.size(); ++at) {
    for (std::size_t i = 0; i < widths.size(); ++i)
      text +=
          i < 2 ? fmt::format("| {:<{}} ", rows[at][i], widths[i]) : fmt::format("| {:>{}} ", rows[at][i], widths[i]);
    text += "|\n";
    if (at != 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i)
      text += fmt::format("| {:-<{}}{} ", "", widths[i] - (i >= 2), i < 2 ? "" : ":");
    text += "|\n";
  }
  return text;
}

}  // namespace

std::string table_text(const Results& results, const std::vector<Goal>& goals) {
  std::string text;
  for (const char* key :
       {"kernel", "kernel_name", "machine", "cpu_model", "cpus", "qemu", "commit", "dirty", "note", "settings"})
    if (const std::string value = results.context(key); !value.empty()) text += fmt::format("{}: {}\n", key, value);
  text += results.context("icount") == "1"
              ? "instructions: the kernel's on behalf of the caller, exact; firmware excluded\n"
              : "instructions: not counted\n";
  text += "times: emulated, good as ratios within one run only\n\n";

  std::vector<std::string> paths;
  for (const std::string& name : results.names())
    if (const std::string path = name_path(name); std::ranges::find(paths, path) == paths.end()) paths.push_back(path);

  std::vector<Row> rows{{"path", "what"}};
  for (const Column& column : kColumns) rows[0].emplace_back(column.title);
  for (const char* title : {"ratio", "goal", "met"}) rows[0].emplace_back(title);
  std::size_t met = 0, missed = 0, unknown = 0;
  for (const std::string& path : paths)
    for (const Shown& shown : kShown) {
      Row row{path, shown.title};
      bool some = false;
      for (const Column& column : kColumns) {
        const double value = results.value(path + "/" + column.who, shown.counter);
        some |= shown.always && !std::isnan(value);
        row.push_back(value_text(shown.counter, value));
      }
      row.push_back(shown.always && shown.counter != std::string("lock_contentions") &&
                            shown.counter != std::string("speedup")
                        ? ratio_text(results, path, shown.counter)
                        : "-");
      std::string all_goals, all_met;
      for (const Goal& goal : goals) {
        if (goal.path != path || goal.counter != shown.counter) continue;
        some = true;
        const auto is_met = goal.met(results);
        ++(is_met ? *is_met ? met : missed : unknown);
        all_goals += (all_goals.empty() ? "" : ", ") + goal_text(goal);
        all_met += (all_met.empty() ? "" : ", ") + met_text(goal, results);
      }
      row.push_back(all_goals);
      row.push_back(all_met);
      if (some) rows.push_back(std::move(row));
    }
  text += rows_text(rows);
  text += fmt::format("\nratio: the least of ours, of mainline's. Goals: {} met, {} not met", met, missed);
  if (unknown != 0) text += fmt::format(", {} not measured", unknown);
  return text + "\n";
}

}  // namespace qtee::bench
