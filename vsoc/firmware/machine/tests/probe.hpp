// SPDX-License-Identifier: BSD-3-Clause
//
// What the payload asks of the probe, the stand-in for the QTEE layer: both sides of the machine's tests.
#pragma once

#include <cstdint>

namespace qtee::probe {

// Owner SIP, fast, SMC64.
enum Function : std::uint32_t {
  kEcho = 0xC200FF00,        // x0 = 0, x1..x7 = ~(x1..x7)
  kNsMemory = 0xC200FF01,    // x1 address, x2 size; x0 = 0, x1 = the pointer
  kNow = 0xC200FF02,         // x0 = 0, x1 = now_ns()
  kRaise = 0xC200FF03,       // raises the wait-queue interrupt; x1 = its number
  kDirty = 0xC200FF04,       // the report at exit will not be clean
  kNull = 0xC200FF05,        // reads address 0 at EL3
  kOverflow = 0xC200FF06,    // runs out of stack
  kAbort = 0xC200FF07,       // abort()
  kWriteCode = 0xC200FF08,   // writes to the firmware's text
  kCopy = 0xC200FF09,        // checks memcpy, memmove, memset and memcmp; x1 = number of failures
  kRaiseAfter = 0xC200FF0B,  // raises it after x1 nanoseconds
  kSpin = 0xC200FF0A,        // stays at EL3 for x1 nanoseconds
  kInterrupted = 1,          // x0 = kInterruptedAnswer
};

inline constexpr std::uint64_t kInterruptedAnswer = 0x1badcafe;

// What the payload is to do.
enum class Mode : std::uint64_t {
  checks = 0,  // all of them, then SYSTEM_OFF
  reset = 1,
  trap = 2,  // an access that EL1 may not make
  call = 3,  // the function in the mailbox, then SYSTEM_OFF
};

// Where QEMU's loader leaves the payload's orders: u64 mode, u64 bytes of RAM, u64 function.
inline constexpr std::uint64_t kMailbox = 0x48000000;

// Exit status of a payload whose check failed; the console says which.
inline constexpr std::uint64_t kCheckFailed = 70;

}  // namespace qtee::probe
