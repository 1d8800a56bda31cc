// SPDX-License-Identifier: BSD-3-Clause
//
// The part of this program that is a client to be killed: it gets into a state, says so, and waits for its end.
#pragma once

#include <string>

namespace qtee::judge {

inline constexpr char kVictimArgument[] = "--victim";
// Written to stdout once the state is reached; the parent reads up to it.
inline constexpr char kVictimReady = '\x06';

// "objects": holds objects of QTEE's; "callback": is asked by QTEE and does not answer; "held": QTEE holds callbacks
// and memory of its; "memory": QTEE maps memory of its; "work": is in the secure world. Returns only on failure.
int victim_run(const std::string& state);

}  // namespace qtee::judge
