// SPDX-License-Identifier: BSD-3-Clause
//
// What qtee-top's BPF programs know of this moment.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "pools.hpp"

#include "top.h"

namespace qtee::bpf {

/// Callbacks under way, by the name of their invocation; oldest first.
std::vector<std::pair<std::uint64_t, top_callback>> callbacks_read(int map);

/// Adds to each pool who waits now, and how long those did that wait no longer.
void pools_add_waits(Pools& pools, int waits, int done, std::uint64_t now);

}  // namespace qtee::bpf
