// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "slow.h"

namespace qtee::bpf {

/// A phase as a sentence names it: "Linux, on the way in", "the secure world"; `machine`: "linux_in".
const char* slow_phase_name(unsigned phase, bool machine);
/// "asleep", "not run", "running".
const char* slow_kind_name(unsigned kind);

/// Where the time of an invocation went, in one sentence. `where` names the function of the kernel that a stack tells
/// of.
std::string slow_verdict(const slow_call& call, const std::function<std::string(std::uint32_t)>& where);

}  // namespace qtee::bpf
