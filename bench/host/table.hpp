// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "goal.hpp"
#include "results.hpp"

namespace qtee::bench {

/// The environment, the table of all paths, and how many goals are met, as text.
std::string table_text(const Results& results, const std::vector<Goal>& goals);

}  // namespace qtee::bench
