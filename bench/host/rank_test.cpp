// SPDX-License-Identifier: BSD-3-Clause
#include "rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace qtee::bench {
namespace {

constexpr std::size_t kExactMost = 20;

// How many of the orders of m and n values have U = u, for each u: the coefficients of Gauss's binomial.
std::vector<double> orders(std::size_t m, std::size_t n) {
  std::vector<double> ways(m * n + 1, 0);
  ways[0] = 1;
  for (std::size_t i = 1; i <= m; ++i) {
    // Times (1 - q^(n + i)), then divided by (1 - q^i).
    for (std::size_t u = ways.size(); u-- > n + i;) ways[u] -= ways[u - n - i];
    for (std::size_t u = i; u < ways.size(); ++u) ways[u] += ways[u - i];
  }
  return ways;
}

double probability_exact(std::size_t m, std::size_t n, double u) {
  const std::vector<double> ways = orders(m, n);
  double all = 0, tail = 0;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    all += ways[i];
    if (static_cast<double>(i) <= u) tail += ways[i];
  }
  return std::min(1.0, 2 * tail / all);
}

}  // namespace

double rank_test(const std::vector<double>& first, const std::vector<double>& second) {
  const std::size_t m = first.size(), n = second.size();
  if (m == 0 || n == 0) return 1;
  std::vector<std::pair<double, bool>> all;
  for (const double value : first) all.emplace_back(value, true);
  for (const double value : second) all.emplace_back(value, false);
  std::ranges::sort(all);

  // Values that are the same share their ranks.
  double rank_sum = 0, tie_sum = 0;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    while (end < all.size() && all[end].first == all[i].first) ++end;
    const double ties = static_cast<double>(end - i), rank = static_cast<double>(i + end + 1) / 2;
    tie_sum += ties * ties * ties - ties;
    for (; i < end; ++i)
      if (all[i].second) rank_sum += rank;
  }
  const double md = static_cast<double>(m), nd = static_cast<double>(n), total = md + nd;
  const double of_first = rank_sum - md * (md + 1) / 2;
  const double u = std::min(of_first, md * nd - of_first);
  if (tie_sum == 0 && m <= kExactMost && n <= kExactMost) return probability_exact(m, n, u);

  const double variance = md * nd / 12 * (total + 1 - tie_sum / (total * (total - 1)));
  if (variance <= 0) return 1;
  // Half a step towards the middle, as ranks are whole numbers.
  const double z = std::max(0.0, std::abs(u - md * nd / 2) - 0.5) / std::sqrt(variance);
  return std::erfc(z / std::sqrt(2.0));
}

}  // namespace qtee::bench
