// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "results.hpp"

namespace qtee::bench {

/// Most that the kernel instructions of a path may grow by.
inline constexpr double kGrowth = 0.005;

/// The kernel instructions of our driver's paths, as bench/recorded.json has them for one kernel: {"name": count, ...}.
/// Not of the suite pools: what a call takes that finds no pair of its CPU's is up to what workers have left.
Json gate_record(const Results& results);

/// A line for each path that grew by more than kGrowth, or that was recorded and not measured.
std::vector<std::string> gate_check(const Json& recorded, const Results& results);

}  // namespace qtee::bench
