// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "path.hpp"
#include "suite.hpp"

namespace qtee::bench {

/// How paths are measured.
struct RunnerOptions {
  /// Counts, by one run of each path; else times, by many.
  bool exact = false;
  bool quick = false;
  /// Tell of each path how long measuring it took.
  bool verbose = false;
  /// The last part of all names.
  std::string who;
  /// Where Google Benchmark's JSON goes.
  std::string out;
};

/// Measures all that it is given by Google Benchmark, path after path. How often a path is run is found out before
/// Google Benchmark begins: its own search goes by the time that is measured, not by what stands before it (on
/// mainline a release of 8 ms, say), and takes as many tries as it likes.
class Runner final {
 public:
  Runner(RunnerOptions options, Bench& bench) : options_(std::move(options)), bench_(bench) {}
  void add(Paths paths);
  /// Runs what was added. Throws std::runtime_error where there is no file to write to.
  void run();

 private:
  class Report;

  void run(const Path& path, Report& report);

  const RunnerOptions options_;
  Bench& bench_;
  Paths paths_;
};

}  // namespace qtee::bench
