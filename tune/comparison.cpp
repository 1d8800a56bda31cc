// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace qtee::tune {
namespace {

constexpr std::size_t kExact = 10;

/// Ranks from 1 of all values, before's first; of equal ones the mean. Doubled, so that they are whole.
std::vector<int> doubled_ranks(const std::vector<double>& before, const std::vector<double>& after) {
  std::vector<double> all = before;
  all.insert(all.end(), after.begin(), after.end());
  std::vector<int> ranks;
  for (const double value : all) {
    const auto less = std::ranges::count_if(all, [&](double other) { return other < value; });
    const auto equal = std::ranges::count(all, value);
    ranks.push_back(static_cast<int>(2 * less + equal + 1));
  }
  return ranks;
}

/// Of all ways to choose as many ranks as `before` has, the share whose sum is at least as far from the middle.
double exact_share(const std::vector<int>& ranks, std::size_t chosen) {
  const int sum = std::accumulate(ranks.begin(), ranks.end(), 0);
  const int observed = std::accumulate(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(chosen), 0);
  // ways[n][s]: to choose n ranks with the sum s.
  std::vector<std::vector<double>> ways(chosen + 1, std::vector<double>(static_cast<std::size_t>(sum) + 1, 0.0));
  ways[0][0] = 1;
  for (const int rank : ranks)
    for (std::size_t n = chosen; n > 0; --n)
      for (int s = sum; s >= rank; --s)
        ways[n][static_cast<std::size_t>(s)] += ways[n - 1][static_cast<std::size_t>(s - rank)];
  const double middle = static_cast<double>(sum) * static_cast<double>(chosen) / static_cast<double>(ranks.size());
  double all = 0, far = 0;
  for (int s = 0; s <= sum; ++s) {
    const double count = ways[chosen][static_cast<std::size_t>(s)];
    all += count;
    if (std::abs(s - middle) >= std::abs(observed - middle) - 1e-9) far += count;
  }
  return far / all;
}

double normal_share(const std::vector<int>& ranks, std::size_t chosen) {
  const auto n = static_cast<double>(chosen), m = static_cast<double>(ranks.size() - chosen);
  const double observed = std::accumulate(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(chosen), 0) / 2.0;
  const double mean = n * (n + m + 1) / 2;
  // Of the ranks as they are, so that ties count.
  double squares = 0;
  for (const int rank : ranks) squares += std::pow(rank / 2.0 - (n + m + 1) / 2, 2);
  const double deviation = std::sqrt(n * m / ((n + m) * (n + m - 1)) * squares);
  if (deviation == 0) return 1;
  const double z = std::max(0.0, std::abs(observed - mean) - 0.5) / deviation;
  return std::erfc(z / std::sqrt(2.0));
}

std::string part(const Compared& one) {
  if (!one.ratio) return fmt::format("{} {:.4g}, was 0", one.measure.title, one.after);
  return fmt::format("{} {:+.1f} %", one.measure.title, (*one.ratio - 1) * 100);
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double rank_test(const std::vector<double>& before, const std::vector<double>& after) {
  if (before.empty() || after.empty()) return 1;
  const std::vector<int> ranks = doubled_ranks(before, after);
  return std::max(before.size(), after.size()) <= kExact ? exact_share(ranks, before.size())
                                                         : normal_share(ranks, before.size());
}

Compared compare(const Measure& measure) {
  Compared one{measure,     median(measure.before), median(measure.after), {}, rank_test(measure.before, measure.after),
               Change::same};
  if (one.before != 0) one.ratio = one.after / one.before;
  const double change = one.after - one.before;
  if (one.p < kSignificant && std::abs(change) > measure.least &&
      std::abs(change) >= measure.threshold * std::abs(one.before))
    one.change = change < 0 ? Change::better : Change::worse;
  return one;
}

Verdict judge(const std::vector<Compared>& all) {
  std::vector<std::string> better, worse, costs;
  for (const Compared& one : all) {
    if (one.change == Change::better) better.push_back(part(one));
    if (one.change == Change::worse) (one.measure.counts ? worse : costs).push_back(part(one));
  }
  const auto joined = [](const char* title, const std::vector<std::string>& parts) {
    return parts.empty() ? std::string() : fmt::format("{}{}", title, fmt::join(parts, ", "));
  };
  if (!worse.empty()) return {false, joined("worse: ", worse) + joined("; better: ", better)};
  if (better.empty()) return {false, "nothing that was measured became better" + joined("; it costs: ", costs)};
  return {true, joined("better: ", better) + joined("; it costs: ", costs)};
}

}  // namespace qtee::tune
