// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "results.hpp"

namespace qtee::bench {

/// Fewest repetitions of a time that tell anything. What is compared is each one's median: what else the machine does
/// is in the means.
inline constexpr std::size_t kRepetitionsLeast = 9;

struct ComparisonOptions {
  double exact = 0.001;  // counts that differ by a larger share are different
  double alpha = 0.01;   // times that differ by chance as rarely as this are different...
  double effect = 0.05;  // ... if their medians differ by a larger share
};

/// One figure that is not what it was.
struct Change {
  enum class Kind { worse, better, gone, added };
  Kind kind;
  std::string name, counter;
  double before, after;
  double probability;  // of a time; 0 for counts
};

struct Comparison {
  std::vector<Change> changes;
  std::size_t counts = 0, times = 0;     // compared
  std::size_t few = 0;                   // times that have too few repetitions
  std::size_t left_out = 0;              // names that the second run, shorter or of other suites, does not measure
  std::size_t unlike = 0;                // counts that differ, of runs that are not of the same length and suites
  std::vector<std::string> environment;  // what else differs, in words

  /// Something got worse, or is gone.
  bool regressed() const;
};

Comparison compare(const Results& before, const Results& after, const ComparisonOptions& options = {});

}  // namespace qtee::bench
