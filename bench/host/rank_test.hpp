// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

namespace qtee::bench {

/// The Mann-Whitney U test, two-sided: how likely it is that two samples which are of the same distribution differ as
/// much in rank as these do. Exact for up to 20 values each without ties, by the normal distribution else. 1 where one
/// of them is empty.
double rank_test(const std::vector<double>& first, const std::vector<double>& second);

}  // namespace qtee::bench
