// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace qtee::bench {

/// Something that is measured. Functions throw std::exception where it can't be, Unsupported where nobody expects it
/// to.
struct Path {
  /// "suite/path"
  std::string name;
  /// So many operations.
  std::function<void()> work;
  unsigned operations = 1;
  /// Before each work(), and once before and after all that is measured; not measured themselves.
  std::function<void()> before = {}, setup = {}, teardown = {};
  /// What work() took for one operation, in ns, where that is not the time around it.
  std::function<double()> took = {};
  /// More counters, asked for when all is measured.
  std::function<std::map<std::string, double>()> more = {};
  /// Whether counts of one thread tell what it costs, and times do.
  bool counted = true, timed = true;
  /// Left out of a quick run.
  bool slow = false;
};

using Paths = std::vector<Path>;

}  // namespace qtee::bench
