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
//
//     vsoc/run --icount --driver none --share DIR -- bench_guest --budget /share invoke/none/qtee invoke/4KiB/qtee
//
// has paths run for bench/budget to look at.
#include <fmt/core.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>

#include "drivers.hpp"
#include "endless.hpp"
#include "pinned.hpp"
#include "runner.hpp"

namespace {

using namespace qtee::bench;
using Json = nlohmann::ordered_json;

struct Options {
  RunnerOptions runner;
  std::vector<std::string> settings;
  std::set<std::string> suites, who;  // empty: all
  std::string budget;                 // the folder that is shared with bench/budget
  std::vector<std::string> names;     // "invoke/none/qtee": what it wants to look at
  std::string endless;                // of the child: the path that it runs
};

bool wanted(const Options& options, const std::string& suite) {
  return options.suites.empty() || options.suites.contains(suite);
}

// The child: measures one way, or runs one path of it.
void measure(const Options& options) {
  const std::string& who = options.runner.who;
  Bench bench;
  std::unique_ptr<Front> front;
  if (who != "floor") {
    bench.front_make = who == "mainline" || who == "tee" ? front_tee : front_qtee;
    bench.ours = who != "mainline";
    front = bench.front_make();
    bench.front = front.get();
  }
  // What is counted stays on one CPU, and so with its message buffers. Threads that were made before do not.
  std::optional<qtee::test::Pinned> pinned;
  if (options.runner.exact && who != "floor") pinned.emplace();
  Paths paths;
  const auto add = [&](Paths more) { std::ranges::move(more, std::back_inserter(paths)); };
  if (who == "floor") {
    add(suite_floor());
    if (options.runner.exact) pinned.emplace();
  } else {
    if (wanted(options, "invoke")) add(suite_invoke(bench));
    if (wanted(options, "objects")) add(suite_objects(bench));
    if (wanted(options, "callbacks")) add(suite_callbacks(bench));
    if (wanted(options, "memory")) add(suite_memory(bench));
    if (wanted(options, "threads")) add(suite_threads(bench));
    // What they tell is the same on each way.
    if (who == "qtee" && wanted(options, "pools")) add(suite_pools(bench));
    if (who == "qtee" && wanted(options, "tracing")) add(suite_tracing(bench));
  }
  if (!options.endless.empty()) {
    endless_run(paths, options.endless, options.budget + "/ready", options.endless + "/" + who);
    return;
  }
  Runner runner(options.runner, bench);
  runner.add(std::move(paths));
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

// This program once more, for one way into the driver that is loaded. The same addresses each time.
pid_t child_start(const std::string& who, std::vector<std::string> words) {
  words.insert(words.begin(), {"bench_guest", "--child", who});
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid != 0) return pid;
  ::personality(ADDR_NO_RANDOMIZE);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());
  ::_exit(127);
}

void child_wait(const std::string& who, pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (status != 0) throw std::runtime_error(fmt::format("{} failed with status {:#x}", who, status));
}

// Has the child measure, and adds what it found.
void child_measure(const Options& options, const std::string& who, Json& results) {
  const std::string out = "/tmp/" + who + ".json";
  std::vector<std::string> words{"--out", out};
  if (options.runner.exact) words.emplace_back("--exact");
  if (options.runner.quick) words.emplace_back("--quick");
  if (options.runner.verbose) words.emplace_back("--verbose");
  for (const std::string& suite : options.suites) {
    words.emplace_back("--suite");
    words.push_back(suite);
  }
  const auto begin = std::chrono::steady_clock::now();
  child_wait(who, child_start(who, words));
  fmt::print(stderr, "bench_guest: {}, {:.0f} s\n", who,
             std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
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

// Has a child run each of the names that are of this way, until bench/budget has seen enough of it: the child makes
// the file `ready`, which bench/budget removes.
void child_show(const Options& options, const std::string& who) {
  const std::filesystem::path ready = options.budget + "/ready";
  // Where its modules are changes with each load.
  std::ofstream(options.budget + "/kallsyms") << std::ifstream("/proc/kallsyms").rdbuf();
  for (const std::string& name : options.names) {
    if (!name.ends_with("/" + who)) continue;
    const std::string path = name.substr(0, name.size() - who.size() - 1);
    const pid_t pid = child_start(who, {"--exact", "--budget", options.budget, "--endless", path});
    int status = 0;
    // A child that ends by itself has failed, and told why.
    for (bool shown = false; ::waitpid(pid, &status, WNOHANG) == 0; ::usleep(100'000)) {
      const bool there = std::filesystem::exists(ready);
      if (shown && !there) {
        ::kill(pid, SIGTERM);
        child_wait(name, pid);
        status = 0;
        break;
      }
      shown |= there;
    }
    if (status != 0) throw std::runtime_error(fmt::format("{} failed with status {:#x}", name, status));
  }
}

std::string kernel_release() {
  utsname kernel{};
  ::uname(&kernel);
  return kernel.release;
}

// Loads drivers one after the other, and has `run` called for each way into them. Returns our driver's settings.
std::string drivers_run(const Options& options, const std::function<void(const char*)>& run) {
  const auto wants = [&](const char* who) { return options.who.empty() || options.who.contains(who); };
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
    if (wants("tee")) run("tee");
    if (wants("qtee")) run("qtee");
  }
  if (!chosen && wants("qtee-direct")) {
    settings.emplace_back("qtee.transport=direct");
    const Driver ours = Driver::ours(settings);
    run("qtee-direct");
  }
  return loaded;
}

void show(Options options) {
  for (const std::string& name : options.names) options.who.insert(name.substr(name.rfind('/') + 1));
  drivers_run(options, [&](const char* who) { child_show(options, who); });
}

void orchestrate(const Options& options) {
  Json results;
  const std::string loaded = drivers_run(options, [&](const char* who) { child_measure(options, who, results); });
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
  app.add_option("--out", options.runner.out, "Write the results to this file");
  app.add_flag("--exact", options.runner.exact, "Count instructions and what else can be counted; else measure times");
  app.add_flag("--quick", options.runner.quick, "Leave out what takes long");
  app.add_flag("--verbose", options.runner.verbose, "Tell how long each path takes");
  app.add_option("--setting", options.settings, "MODULE.NAME=VALUE, a parameter of our driver's modules");
  app.add_option("--suite", options.suites, "Only this suite");
  app.add_option("--who", options.who, "Only this way: floor, mainline, tee, qtee, qtee-direct");
  app.add_option("--child", options.runner.who, "Measure one way into the driver that is loaded")->group("");
  app.add_option("--endless", options.endless, "Run this path until SIGTERM")->group("");
  app.add_option("--budget", options.budget, "Run the paths for bench/budget, which has the same folder");
  app.add_option("NAME", options.names, "What --budget runs, as invoke/none/qtee");
  CLI11_PARSE(app, argc, argv);
  try {
    if (!options.runner.who.empty()) {
      measure(options);
    } else if (!options.budget.empty()) {
      show(options);
    } else if (!options.runner.out.empty()) {
      orchestrate(options);
    } else {
      throw std::runtime_error("--out or --budget is needed");
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_guest: {}\n", error.what());
    return 1;
  }
}
