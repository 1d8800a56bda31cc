// SPDX-License-Identifier: BSD-3-Clause
//
// Whether one set of measurements is better than another, and what follows of that.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace qtee::tune {

/// The middle one; the mean of two where their number is even. NaN of none.
double median(std::vector<double> values);

/// Two-sided Mann-Whitney test: how likely ranks as different as these are if both come from the same. Exact up to 10
/// values each, ties among them; by the normal distribution beyond. 1 where one is empty.
double rank_test(const std::vector<double>& before, const std::vector<double>& after);

/// What was measured in rounds of a load, a value for each. Less is better in all of them.
struct Measure {
  std::string name;   // for machines
  std::string title;  // for people
  /// A change of the median below this share of it is none, however sure.
  double threshold = 0.01;
  /// And below this, in the measure's own unit.
  double least = 0;
  /// Where it becomes worse the settings are not kept. Else that is what they cost.
  bool counts = true;
  std::vector<double> before{};
  std::vector<double> after{};
};

enum class Change { same, better, worse };

struct Compared {
  Measure measure;
  double before;  // medians
  double after;
  std::optional<double> ratio;  // after to before; none where before is 0
  double p;
  Change change;
};

/// Changes are held for real when rank_test() is below this. There are several measures, so it is lower than usual;
/// that takes 5 rounds at least.
inline constexpr double kSignificant = 0.01;
inline constexpr unsigned kRoundsLeast = 5;

Compared compare(const Measure& measure);

struct Verdict {
  bool keep;
  std::string reason;  // a sentence
};

/// Kept is what makes something better, and nothing worse that counts.
Verdict judge(const std::vector<Compared>& all);

}  // namespace qtee::tune
