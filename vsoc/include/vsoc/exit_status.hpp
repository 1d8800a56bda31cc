// SPDX-License-Identifier: BSD-3-Clause
//
// How the firmware ends QEMU, through semihosting: QEMU's own exit status. QEMU uses 1 for its own errors.
#pragma once

namespace qtee::vsoc {

enum class ExitStatus : int {
  clean = 0,     // SYSTEM_OFF, and the report at exit was empty
  leak = 80,     // SYSTEM_OFF, and something was alive or Linux broke the protocol; the console says what
  reset = 81,    // Linux asked for a reset (panic=-1 does): the virtual SoC never starts twice
  panic = 82,    // the firmware failed: exception at EL3, trapped instruction of a lower level, broken invariant
  no_boot = 83,  // no usable device tree or kernel Image in memory
};

}  // namespace qtee::vsoc
