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
  /// The last part of all names.
  std::string who;
  /// Where Google Benchmark's JSON goes.
  std::string out;
};

/// Measures all that it is given by Google Benchmark.
class Runner final {
 public:
  Runner(RunnerOptions options, Bench& bench);
  void add(Paths paths);
  /// Runs what was added. Throws std::runtime_error where there is no file to write to.
  void run();

 private:
  void add(const Path& path);

  const RunnerOptions options_;
  Bench& bench_;
};

}  // namespace qtee::bench
