// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "job.hpp"
#include "module_symbols.hpp"

namespace qtee::vsoc {

// The symbols of what is loaded now, for kmemleak_check. None where the kernel has no kmemleak.
ModuleSymbols kmemleak_symbols();

// On a kernel with kmemleak: looks for memory that nothing refers to any more, and throws Broken where there is some.
// The report is on the console then. To call when the driver is gone, as then what it forgot is found, too; takes some
// seconds.
void kmemleak_check(const Job& job, const ModuleSymbols& symbols);

}  // namespace qtee::vsoc
