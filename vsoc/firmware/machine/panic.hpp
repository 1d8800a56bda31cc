// SPDX-License-Identifier: BSD-3-Clause
//
// The ways out of the machine.
#pragma once

#include <string_view>

#include "vsoc/exit_status.hpp"

namespace qtee::machine {

// Ends QEMU with this status.
[[noreturn]] void machine_exit(vsoc::ExitStatus status);

// A broken invariant: prints why and ends with `status`.
[[noreturn]] void panic(std::string_view why, vsoc::ExitStatus status = vsoc::ExitStatus::panic);

}  // namespace qtee::machine
