// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "bench.hpp"
#include "scenario.hpp"

namespace qtee::inject {

/// Runs a scenario with its first, its second, … point failing, until there is no such point: twice, since the first
/// time the driver makes what it then keeps, and so passes other points. Last without any failure. With `inject` false
/// only that. Prints what it found; returns whether all was as it must be. Throws what breaks the test itself.
bool sweep(Bench& bench, Scenario& scenario, bool inject);

}  // namespace qtee::inject
