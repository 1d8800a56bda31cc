// SPDX-License-Identifier: BSD-3-Clause
//
// The numbers of the SMC interface.
#pragma once

#include <cstdint>

namespace qtee::fw {

// x0 of an answer.
inline constexpr std::int64_t kScmOk = 0;
inline constexpr std::int64_t kScmUnknown = -1;
inline constexpr std::int64_t kScmInvalid = -2;    // arguments that make no sense; nothing was taken
inline constexpr std::int64_t kScmUnbridged = -3;  // memory that no live bridge covers; nothing was taken
inline constexpr std::int64_t kScmNoMemory = -5;   // nothing was taken
inline constexpr std::int64_t kScmBusy = -12;      // again, later

// x1 of INVOKE's and CB_RSP's answers.
inline constexpr std::uint64_t kResponseFinal = 0;
inline constexpr std::uint64_t kResponseCallback = 3;

}  // namespace qtee::fw
