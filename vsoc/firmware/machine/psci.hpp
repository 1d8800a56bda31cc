// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "qtee/firmware.hpp"

namespace qtee::machine {

// The standard service calls (owner 4): PSCI 1.1. The answer is in x0; an unknown function answers -1.
void psci_smc(fw::SmcFrame& frame);

}  // namespace qtee::machine
