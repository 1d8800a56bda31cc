// SPDX-License-Identifier: BSD-3-Clause
//
// bench/goals.json: what each path is to cost.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace qtee::dashboard {

/// The list as it is, checked: each has a path, who, a counter, and either a goal or a ratio of another benchmark.
/// Throws BadFile; `name` is the file's.
nlohmann::ordered_json goals_parse(const std::string& name, const std::string& text);

}  // namespace qtee::dashboard
