// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <set>

#include "output.hpp"
#include "view.hpp"

namespace qtee::bpf {

/// Gives `write` the lines of JSON of a state: one for all ("interval" or "summary": `scope`), then "row"s and "pool"s,
/// and for an interval "callback"s.
void top_json(const char* scope, const TopState& state, const TopView& view,
              const std::function<void(const Json&)>& write);

}  // namespace qtee::bpf
