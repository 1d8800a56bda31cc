// SPDX-License-Identifier: BSD-3-Clause
//
// Moments at which the wait-queue interrupt is raised, by the secure timer of whichever CPU asked.
#pragma once

#include <cstdint>

namespace qtee::machine {

// Raises the wait-queue interrupt once, at this time or later. With too many moments pending, or one that has passed,
// at once.
void wakeup_at(std::uint64_t ns);

// The secure timer of this CPU fired: raises the interrupt if a moment has come, and sets the timer for the next.
void wakeup_timer_fired();

}  // namespace qtee::machine
