// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "observation.hpp"
#include "options.hpp"

namespace qtee::tune {

/// Watches the driver, by its counters and by BPF programs at its trace events, as long as `options` say: for a time,
/// while a command runs, until a signal comes. Throws ToolError where that can't be, or `whole` is asked for and the
/// command fails or a signal comes.
Observation watch(const bpf::Options& options, bool whole, int& status);

}  // namespace qtee::tune
