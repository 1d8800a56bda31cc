// SPDX-License-Identifier: BSD-3-Clause
#include "runner.hpp"

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <vector>

#include "exact.hpp"

namespace qtee::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRepetitions = 9;
constexpr unsigned kWarm = 3;

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
  const Held held(path);
  for (unsigned i = 0; i < (path.iterations != 0 ? 1 : kWarm); ++i) once(path);
  if (path.more) path.more();
  std::vector<double> times;
  times.reserve(1 << 16);
  for (auto _ : state) {
    if (path.before) path.before();
    const auto begin = Clock::now();
    path.work();
    const std::chrono::duration<double, std::nano> all = Clock::now() - begin;
    const double ns = path.took ? path.took() : all.count() / path.operations;
    state.SetIterationTime(ns * 1e-9);
    if (times.size() < times.capacity()) times.push_back(ns);
  }
  put_percentiles(state, times);
  if (path.more)
    for (const auto& [name, value] : path.more()) state.counters[name] = value;
}

void measure_exact(const Path& path, Bench& bench, benchmark::State& state) {
  const Exact exact(bench);
  const Held held(path);
  for (unsigned i = 0; i < kWarm; ++i) once(path);
  for (auto _ : state) once(path);
  for (const auto& [name, value] : exact.count(path)) state.counters[name] = value;
}

}  // namespace

Runner::Runner(RunnerOptions options, Bench& bench) : options_(std::move(options)), bench_(bench) {
  static char program[] = "bench_guest";  // it keeps the pointer
  char* argv[] = {program, nullptr};
  int argc = 1;
  benchmark::Initialize(&argc, argv);
}

void Runner::add(Paths paths) {
  for (const Path& path : paths) {
    // What has no count that means anything is for times alone, and the other way round.
    const bool wanted = options_.exact ? path.counted || !path.more : path.timed;
    if (wanted && !(options_.quick && path.slow)) add(path);
  }
}

void Runner::add(const Path& path) {
  auto* const benchmark =
      benchmark::RegisterBenchmark(path.name + "/" + options_.who, [path, this](benchmark::State& state) {
        try {
          options_.exact ? measure_exact(path, bench_, state) : measure_times(path, state);
        } catch (const Unsupported&) {
          state.SkipWithMessage("unsupported");
        } catch (const std::exception& error) {
          state.SkipWithError(error.what());
        }
      });
  if (options_.exact) {
    benchmark->Iterations(1);
    return;
  }
  benchmark->UseManualTime()->Unit(benchmark::kNanosecond)->Repetitions(kRepetitions);
  if (path.iterations != 0) {
    benchmark->Iterations(path.iterations);
  } else {
    benchmark->MinTime(options_.quick ? 0.002 : 0.03);
  }
}

void Runner::run() {
  std::ofstream file(options_.out);
  benchmark::JSONReporter reporter;
  reporter.SetOutputStream(&file);
  reporter.SetErrorStream(&std::cerr);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  if (!file.flush()) throw std::runtime_error("can't write " + options_.out);
}

}  // namespace qtee::bench
