// SPDX-License-Identifier: BSD-3-Clause
//
// Result codes of an invocation, as both sides of the wire know them.
#pragma once

#include <cstdint>

namespace qtee::fw {

using Result = std::int32_t;

inline constexpr Result kOk = 0;
inline constexpr Result kError = 1;
inline constexpr Result kInvalid = 2;
inline constexpr Result kSizeIn = 3;
inline constexpr Result kSizeOut = 4;
inline constexpr Result kMem = 5;
inline constexpr Result kUserBase = 10;  // the first that an interface may define
inline constexpr Result kDefunct = -90;
inline constexpr Result kAbort = -91;
inline constexpr Result kBadObject = -92;
inline constexpr Result kNoSlots = -93;
inline constexpr Result kMaxArgs = -94;
inline constexpr Result kMaxData = -95;
inline constexpr Result kUnavail = -96;
inline constexpr Result kKmem = -97;  // QTEE is out of memory
inline constexpr Result kRemote = -98;
inline constexpr Result kBusy = -99;
inline constexpr Result kTimeout = -103;

}  // namespace qtee::fw
