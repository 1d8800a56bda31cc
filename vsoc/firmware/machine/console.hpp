// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace qtee::machine {

// Switches the secure UART on. Called once, on the boot CPU.
void console_init();

// Writes one line, prefixed with the time since reset and the CPU. Lines of several CPUs do not mix.
void console_write(std::string_view line);

// The same when the lock's holder may never give it back.
void console_write_panic(std::string_view line);

}  // namespace qtee::machine
