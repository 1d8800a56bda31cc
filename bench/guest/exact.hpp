// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <string>

#include "path.hpp"
#include "suite.hpp"

namespace qtee::bench {

/// Counts what one operation of a path costs, exactly: under `vsoc/run --icount`. One thread's.
class Exact final {
 public:
  explicit Exact(Bench& bench) : bench_(bench) {}

  /// Counters by their names in the results. setup() has been called.
  std::map<std::string, double> count(const Path& path) const;

 private:
  double smcs(const Path& path) const;

  Bench& bench_;
};

}  // namespace qtee::bench
