// SPDX-License-Identifier: BSD-3-Clause
//
// What calls cost, in one boot: on nothing (the floors), on mainline's driver, on ours. No driver is loaded when it
// begins.
//
//     vsoc/run --icount --driver none --share DIR -- bench_guest --exact --out /share/exact.json
//     vsoc/run --driver none --share DIR -- bench_guest --out /share/times.json
//
// Each way into a driver is measured by a process of its own, this program once more. What they write, Google
// Benchmark's JSON, becomes one file.
#include <fmt/core.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>

#include "drivers.hpp"
#include "pinned.hpp"
#include "runner.hpp"

namespace {

using namespace qtee::bench;
using Json = nlohmann::ordered_json;

struct Options {
  RunnerOptions runner;
  std::vector<std::string> settings;
  std::set<std::string> suites, who;  // empty: all
};

bool wanted(const Options& options, const std::string& suite) {
  return options.suites.empty() || options.suites.contains(suite);
}

// The child: measures one way.
void measure(const Options& options) {
  const std::string& who = options.runner.who;
  Bench bench;
  // What is counted stays on one CPU, and so with its message buffers. Threads that were made before do not.
  std::optional<qtee::test::Pinned> pinned;
  if (who == "floor") {
    Runner runner(options.runner, bench);
    runner.add(suite_floor());
    if (options.runner.exact) pinned.emplace();
    runner.run();
    return;
  }
  bench.front_make = who == "mainline" || who == "tee" ? front_tee : front_qtee;
  bench.ours = who != "mainline";
  const auto front = bench.front_make();
  bench.front = front.get();
  if (options.runner.exact) pinned.emplace();
  Runner runner(options.runner, bench);
  if (wanted(options, "invoke")) runner.add(suite_invoke(bench));
  if (wanted(options, "objects")) runner.add(suite_objects(bench));
  if (wanted(options, "callbacks")) runner.add(suite_callbacks(bench));
  if (wanted(options, "memory")) runner.add(suite_memory(bench));
  if (wanted(options, "threads")) runner.add(suite_threads(bench));
  // What they tell is the same on each way.
  if (who == "qtee" && wanted(options, "pools")) runner.add(suite_pools(bench));
  if (who == "qtee" && wanted(options, "tracing")) runner.add(suite_tracing(bench));
  runner.run();
}

// Google Benchmark adds to a name how it was run: "a/b/c/iterations:1/manual_time_mean".
void name_clean(Json& entry) {
  const auto base = [](const std::string& name) {
    std::size_t end = 0;
    for (int part = 0; part < 3 && end != name.npos; ++part) end = name.find('/', end + (part != 0));
    return name.substr(0, end);
  };
  const std::string name = base(entry.at("run_name"));
  entry["run_name"] = name;
  entry["name"] = entry.contains("aggregate_name") ? name + "_" + entry["aggregate_name"].get<std::string>() : name;
}

// Runs the child, and adds what it found.
void child_run(const Options& options, const std::string& who, Json& results) {
  fmt::print(stderr, "bench_guest: {}\n", who);
  const std::string out = "/tmp/" + who + ".json";
  std::vector<std::string> words{"bench_guest", "--child", who, "--out", out};
  if (options.runner.exact) words.emplace_back("--exact");
  if (options.runner.quick) words.emplace_back("--quick");
  for (const std::string& suite : options.suites) {
    words.emplace_back("--suite");
    words.push_back(suite);
  }
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) {
    // The same addresses each time.
    ::personality(ADDR_NO_RANDOMIZE);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (status != 0) throw std::runtime_error(fmt::format("{} failed with status {:#x}", who, status));
  std::ifstream file(out);
  Json result = Json::parse(file);
  if (results.is_null()) results = {{"context", result.at("context")}, {"benchmarks", Json::array()}};
  for (Json& entry : result.at("benchmarks")) {
    name_clean(entry);
    if (entry.contains("error_occurred") && entry["error_occurred"].get<bool>())
      fmt::print(stderr, "bench_guest: {}: {}\n", entry["name"].get<std::string>(),
                 entry["error_message"].get<std::string>());
    else if (!entry.contains("skipped"))
      results["benchmarks"].push_back(entry);
  }
}

std::string kernel_release() {
  utsname kernel{};
  ::uname(&kernel);
  return kernel.release;
}

void orchestrate(const Options& options) {
  Json results;
  const auto wants = [&](const char* who) { return options.who.empty() || options.who.contains(who); };
  const auto run = [&](const char* who) {
    if (wants(who)) child_run(options, who, results);
  };
  if (wants("floor")) {
    const Driver floor = Driver::module("vsoc_floor");
    run("floor");
  }
  if (wants("mainline")) {
    const Driver mainline = Driver::mainline();
    run("mainline");
  }
  // A transport that is asked for is not measured twice.
  auto settings = options.settings;
  const bool chosen = std::ranges::any_of(settings, [](const auto& s) { return s.starts_with("qtee.transport="); });
  std::string loaded;
  {
    const Driver ours = Driver::ours(settings);
    loaded = driver_settings();
    run("tee");
    run("qtee");
  }
  if (!chosen && wants("qtee-direct")) {
    settings.emplace_back("qtee.transport=direct");
    const Driver ours = Driver::ours(settings);
    run("qtee-direct");
  }
  const char* const cpu = std::getenv("QTEE_CPU");
  const std::string cpu_model = cpu != nullptr ? cpu : "unknown";
  Json& context = results["context"];
  context["kernel"] = kernel_release();
  context["machine"] = "virtual SoC";
  context["cpu_model"] = cpu_model.substr(0, cpu_model.find(",icount"));
  context["cpus"] = std::to_string(::sysconf(_SC_NPROCESSORS_ONLN));
  context["icount"] = cpu_model.find(",icount") != cpu_model.npos ? "1" : "0";
  context["settings"] = loaded;
  std::ofstream file(options.runner.out);
  file << results.dump(1) << "\n";
  if (!file.flush()) throw std::runtime_error("can't write " + options.runner.out);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"What calls cost: on nothing, on mainline's driver, on ours. Needs a guest without a driver.",
               "bench_guest"};
  app.add_option("--out", options.runner.out, "Write the results to this file")->required();
  app.add_flag("--exact", options.runner.exact, "Count instructions and what else can be counted; else measure times");
  app.add_flag("--quick", options.runner.quick, "Leave out what takes long");
  app.add_option("--setting", options.settings, "MODULE.NAME=VALUE, a parameter of our driver's modules");
  app.add_option("--suite", options.suites, "Only this suite");
  app.add_option("--who", options.who, "Only this way: floor, mainline, tee, qtee, qtee-direct");
  app.add_option("--child", options.runner.who, "Measure one way into the driver that is loaded")->group("");
  CLI11_PARSE(app, argc, argv);
  try {
    options.runner.who.empty() ? orchestrate(options) : measure(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_guest: {}\n", error.what());
    return 1;
  }
}
