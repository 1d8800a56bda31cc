// SPDX-License-Identifier: BSD-3-Clause
//
// What qtee-tune tells people and machines.
#pragma once

#include <vector>

#include "comparison.hpp"
#include "observation.hpp"
#include "rules.hpp"

namespace qtee::tune {

/// Writes to the standard output: text, or with `json` lines of JSON, of types observation, proposal, settings,
/// measure, verdict.
class Report final {
 public:
  explicit Report(bool json) : json_(json) {}

  void observation(const Observation& seen) const;
  void proposals(const Observation& seen, const std::vector<Proposal>& proposals) const;
  /// What settings change, or would.
  void settings(const Settings& before, const Settings& changes, std::string_view title) const;
  void comparison(const std::vector<Compared>& all) const;
  void verdict(const Verdict& verdict) const;

 private:
  bool json_;
};

}  // namespace qtee::tune
