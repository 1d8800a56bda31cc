// SPDX-License-Identifier: BSD-3-Clause
#include "runner.hpp"

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "exact.hpp"

namespace qtee::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// How long a repetition of a path is to take, what stands before each run included, and how many there are.
struct Pace {
  Seconds repetition;
  int repetitions;
  Seconds slow;  // a run that takes longer has kSlowRepetitions at most
};
constexpr Pace kFull{.repetition = Seconds(0.04), .repetitions = 9, .slow = Seconds(2)};
constexpr Pace kQuick{.repetition = Seconds(0.015), .repetitions = 3, .slow = Seconds(2)};
constexpr int kSlowRepetitions = 1;
constexpr unsigned kWarm = 3;
constexpr double kMostRuns = 1 << 16;

// What a path needs while it is measured.
class Held final {
 public:
  explicit Held(const Path& path) : path_(path) {
    if (path_.setup) path_.setup();
  }
  ~Held() {
    try {
      if (path_.teardown) path_.teardown();
    } catch (const std::exception& error) {
      fmt::print(stderr, "bench_guest: after {}: {}\n", path_.name, error.what());
    }
  }
  Held(const Held&) = delete;

 private:
  const Path& path_;
};

void once(const Path& path) {
  if (path.before) path.before();
  path.work();
}

struct Plan {
  benchmark::IterationCount iterations = 1;
  int repetitions = 1;
};

// Warms the path up, and tells how often to run it.
Plan plan(const Path& path, const Pace& pace) {
  Seconds least = Seconds::max();
  for (unsigned i = 0; i < kWarm; ++i) {
    const auto begin = Clock::now();
    once(path);
    least = std::min(least, Seconds(Clock::now() - begin));
    // The first may be much slower than others; one as slow as this tells enough.
    if (least > 10 * pace.repetition) break;
  }
  return {static_cast<benchmark::IterationCount>(std::clamp(pace.repetition / least, 1.0, kMostRuns)),
          least > pace.slow ? std::min(kSlowRepetitions, pace.repetitions) : pace.repetitions};
}

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

// Nanoseconds of one operation.
void put_percentiles(benchmark::State& state, std::vector<double>& times) {
  if (times.empty()) return;
  std::ranges::sort(times);
  state.counters["p50_ns"] = percentile(times, 0.5);
  state.counters["p90_ns"] = percentile(times, 0.9);
  state.counters["p99_ns"] = percentile(times, 0.99);
  state.counters["p999_ns"] = percentile(times, 0.999);
  state.counters["max_ns"] = times.back();
}

void measure_times(const Path& path, benchmark::State& state) {
  if (path.more) path.more();
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(state.max_iterations));
  for (auto _ : state) {
    if (path.before) path.before();
    const auto begin = Clock::now();
    path.work();
    const std::chrono::duration<double, std::nano> all = Clock::now() - begin;
    const double ns = path.took ? path.took() : all.count() / path.operations;
    state.SetIterationTime(ns * 1e-9);
    times.push_back(ns);
  }
  put_percentiles(state, times);
  if (path.more)
    for (const auto& [name, value] : path.more()) state.counters[name] = value;
}

void measure_exact(const Path& path, const Exact& exact, benchmark::State& state) {
  for (auto _ : state) once(path);
  for (const auto& [name, value] : exact.count(path)) state.counters[name] = value;
}

}  // namespace

// One document of what Google Benchmark takes for many runs.
class Runner::Report final : public benchmark::JSONReporter {
 public:
  bool ReportContext(const Context& context) override {
    return std::exchange(begun_, true) || JSONReporter::ReportContext(context);
  }
  void Finalize() override {}
  void end() {
    if (begun_) JSONReporter::Finalize();
  }

 private:
  bool begun_ = false;
};

void Runner::add(Paths paths) {
  for (Path& path : paths) {
    // What has no count that means anything is for times alone, and the other way round.
    const bool wanted = options_.exact ? path.counted || !path.more : path.timed;
    if (wanted && !(options_.quick && path.slow)) paths_.push_back(std::move(path));
  }
}

void Runner::run(const Path& path, Report& report) {
  std::optional<Held> held;
  Plan planned;
  std::exception_ptr failure;
  const Exact exact(bench_);
  try {
    held.emplace(path);
    planned = plan(path, options_.quick ? kQuick : kFull);
    if (options_.exact) planned = {};
  } catch (...) {
    failure = std::current_exception();
    planned = {};
  }
  auto* const benchmark = benchmark::RegisterBenchmark(path.name + "/" + options_.who, [&](benchmark::State& state) {
    try {
      if (failure) std::rethrow_exception(failure);
      options_.exact ? measure_exact(path, exact, state) : measure_times(path, state);
    } catch (const Unsupported&) {
      state.SkipWithMessage("unsupported");
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
    }
  });
  benchmark->Iterations(planned.iterations);
  if (!options_.exact) benchmark->UseManualTime()->Unit(benchmark::kNanosecond)->Repetitions(planned.repetitions);
  benchmark::RunSpecifiedBenchmarks(&report);
  benchmark::ClearRegisteredBenchmarks();
}

void Runner::run() {
  static char program[] = "bench_guest";  // it keeps the pointer
  char* argv[] = {program, nullptr};
  int argc = 1;
  benchmark::Initialize(&argc, argv);
  std::ofstream file(options_.out);
  Report report;
  report.SetOutputStream(&file);
  report.SetErrorStream(&std::cerr);
  for (const Path& path : paths_) {
    const auto begin = Clock::now();
    run(path, report);
    if (options_.verbose)
      fmt::print(stderr, "bench_guest: {:7.3f} s {}/{}\n", Seconds(Clock::now() - begin).count(), path.name,
                 options_.who);
  }
  report.end();
  benchmark::Shutdown();
  if (!file.flush()) throw std::runtime_error("can't write " + options_.out);
}

}  // namespace qtee::bench
