// SPDX-License-Identifier: BSD-3-Clause
//
// What is made of results on the PC; the Makefile calls it.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "budget.hpp"
#include "comparison.hpp"
#include "gate.hpp"
#include "goal.hpp"
#include "monitor.hpp"
#include "table.hpp"

namespace {

using namespace qtee::bench;

constexpr int kWorse = 1, kUsage = 2;

struct Options {
  std::string exact, times, out, goals, recorded, kernel, before, after, file, socket, log, kallsyms, name, budgets;
  unsigned ms = 500;
  std::vector<std::string> context;
  ComparisonOptions comparison;
};

int join(const Options& options) {
  std::map<std::string, std::string> context{{"qtee_schema", "1"}};
  for (const std::string& entry : options.context) {
    const std::size_t split = entry.find('=');
    if (split == entry.npos) throw std::runtime_error("--context takes KEY=VALUE, not " + entry);
    context[entry.substr(0, split)] = entry.substr(split + 1);
  }
  const Json budgets = options.budgets.empty() ? Json::object() : json_load(options.budgets);
  const Json joined = results_join(json_load(options.exact), json_load(options.times), context, budgets);
  json_save(options.out, joined);
  for (const std::string& line : budgets_check(budgets, Results(joined))) fmt::print(stderr, "{}\n", line);
  return 0;
}

int table(const Options& options) {
  fmt::print("{}", table_text(Results::load(options.file), goals_load(options.goals)));
  return 0;
}

const char* kind_text(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::worse:
      return "worse";
    case Change::Kind::better:
      return "better";
    case Change::Kind::gone:
      return "gone";
    case Change::Kind::added:
      return "new";
  }
  return "";
}

int compare(const Options& options) {
  const Comparison comparison =
      qtee::bench::compare(Results::load(options.before), Results::load(options.after), options.comparison);
  for (const std::string& line : comparison.environment) fmt::print("environment: {}\n", line);
  for (const Change& change : comparison.changes) {
    if (change.kind == Change::Kind::gone || change.kind == Change::Kind::added) {
      fmt::print("{:<7} {} {}\n", kind_text(change.kind), change.name, change.counter);
      continue;
    }
    fmt::print("{:<7} {} {}: {:.6g}, then {:.6g}", kind_text(change.kind), change.name, change.counter, change.before,
               change.after);
    if (change.before != 0) fmt::print(" ({:+.2f} %)", 100 * (change.after / change.before - 1));
    if (change.probability > 0) fmt::print(", p = {:.2g}", change.probability);
    fmt::print("\n");
  }
  fmt::print("{} counts and {} times compared, {} changes\n", comparison.counts, comparison.times,
             comparison.changes.size());
  if (comparison.few != 0)
    fmt::print("{} times are not compared: they have fewer than {} repetitions (make bench without QUICK=1 has them)\n",
               comparison.few, kRepetitionsLeast);
  if (comparison.unlike != 0)
    fmt::print("{} counts that differ are not compared: one of the runs is short (QUICK=1), or of other SUITES\n",
               comparison.unlike);
  if (comparison.left_out != 0)
    fmt::print("{} names are not compared: {} leaves them out (QUICK=1 or SUITES)\n", comparison.left_out,
               options.after);
  return comparison.regressed() ? kWorse : 0;
}

int record(const Options& options) {
  Json all = std::filesystem::exists(options.recorded) ? json_load(options.recorded) : Json::object();
  all[options.kernel] = gate_record(Results::load(options.file));
  json_save(options.recorded, all);
  fmt::print("{} paths of {} are recorded in {}\n", all[options.kernel].size(), options.kernel, options.recorded);
  return 0;
}

int gate(const Options& options) {
  const Json all = json_load(options.recorded);
  if (!all.contains(options.kernel)) throw std::runtime_error("nothing is recorded for the kernel " + options.kernel);
  const std::vector<std::string> lines = gate_check(all[options.kernel], Results::load(options.file));
  for (const std::string& line : lines) fmt::print("{}\n", line);
  if (!lines.empty()) {
    fmt::print("If that is meant, make bench-record, and say why in the commit.\n");
    return kWorse;
  }
  fmt::print("{} paths, none with more kernel instructions than recorded by over {} %\n", all[options.kernel].size(),
             100 * kGrowth);
  return 0;
}

// One block an instruction, and no jump from one to the next that the log would not see.
int trace(const Options& options) {
  Monitor monitor(options.socket);
  monitor.command("one-insn-per-tb on");
  monitor.command("log exec,nochain");
  std::this_thread::sleep_for(std::chrono::milliseconds(options.ms));
  monitor.command("log none");
  monitor.command("one-insn-per-tb off");
  return 0;
}

int budget(const Options& options) {
  std::ifstream kallsyms(options.kallsyms), log(options.log);
  if (!kallsyms || !log) throw std::runtime_error("can't read " + options.kallsyms + " and " + options.log);
  const Budget budget = budget_read(log, Symbols(kallsyms));
  fmt::print(
      "{}: {} kernel instructions; {} of {} calls took as many\n\n| phase | function | instructions |\n"
      "| --- | --- | ---: |\n",
      options.name, budget.total, budget.same, budget.calls);
  Json phases = Json::object();
  for (const auto& [phase, count] : budget.phases()) {
    fmt::print("| **{}** | | **{}** |\n", phase, count);
    phases["budget_" + phase] = count;
    for (const BudgetLine& line : budget.lines)
      if (line.phase == phase) fmt::print("| | `{}` | {} |\n", line.function, line.instructions);
  }
  fmt::print("\n");
  if (options.out.empty()) return 0;
  Json all = std::filesystem::exists(options.out) ? json_load(options.out) : Json::object();
  all[options.name] = phases;
  json_save(options.out, all);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"What is made of the results of make bench.", "qtee-bench"};
  app.require_subcommand(1);
  std::function<int()> run;
  const auto command = [&](const char* name, const char* about, int (*function)(const Options&)) {
    CLI::App* const sub = app.add_subcommand(name, about);
    sub->callback([&run, &options, function] { run = [&options, function] { return function(options); }; });
    return sub;
  };
  CLI::App* sub = command("join", "Make one file of the results of one kernel", join);
  sub->add_option("--exact", options.exact, "Counts, of a run with icount")->required();
  sub->add_option("--times", options.times, "Times, of a run without")->required();
  sub->add_option("--budgets", options.budgets, "Phases, of budget");
  sub->add_option("--context", options.context, "KEY=VALUE, more of the environment");
  sub->add_option("--out", options.out, "The file")->required();

  sub = command("table", "Print a file of results as a table", table);
  sub->add_option("--goals", options.goals, "bench/goals.json")->required();
  sub->add_option("FILE", options.file, "Results")->required();

  sub =
      command("compare",
              "Tell what got worse or better: counts that differ by more than 0.1 %, and times whose ranks differ by "
              "Mann and Whitney's test. Exit status 1: something got worse, or is gone; 2: the files can't be compared",
              compare);
  sub->add_option("OLD", options.before, "Results")->required();
  sub->add_option("NEW", options.after, "Results")->required();
  sub->add_option("--exact", options.comparison.exact, "Share by which counts may differ")->capture_default_str();
  sub->add_option("--alpha", options.comparison.alpha, "How rarely chance alone may make times differ so")
      ->capture_default_str();
  sub->add_option("--effect", options.comparison.effect, "Share by which times may differ")->capture_default_str();

  for (const auto& [name, about, function] :
       {std::tuple("record", "Keep the kernel instructions of our driver's paths", &record),
        std::tuple("gate", "Fail (1) where a path has more kernel instructions than recorded, by over 0.5 %", &gate)}) {
    sub = command(name, about, function);
    sub->add_option("--recorded", options.recorded, "bench/recorded.json")->required();
    sub->add_option("--kernel", options.kernel, "Name of the kernel")->required();
    sub->add_option("FILE", options.file, "Results")->required();
  }
  sub = command("trace", "Have QEMU log each instruction for a while", trace);
  sub->add_option("--socket", options.socket, "QMP of QEMU, which was started with -D")->required();
  sub->add_option("--ms", options.ms, "So long, in ms")->capture_default_str();

  sub = command("budget", "Print in which functions a call takes its instructions", budget);
  sub->add_option("--log", options.log, "QEMU's")->required();
  sub->add_option("--kallsyms", options.kallsyms, "The kernel's /proc/kallsyms")->required();
  sub->add_option("--name", options.name, "The name in the results of what is in the log")->required();
  sub->add_option("--out", options.out, "Add the phases to this file, as JSON");
  try {
    app.parse(argc, argv);
    return run();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "qtee-bench: {}\n", error.what());
    return kUsage;
  }
}
