// SPDX-License-Identifier: BSD-3-Clause
//
// What things cost, in kernel instructions: counted by bench_settings on the virtual SoC (cortex-a76, kernel
// 7.3.4+deb13-arm64, transport scm; docs/tuning.md). Another CPU's and kernel's are others, their ratios much the same.
#pragma once

namespace qtee::tune::cost {

inline constexpr double kNull = 1684;                      // an invocation without arguments
inline constexpr double kDirect = kNull - 1234;            // less, of any by the transport direct
inline constexpr double kSparePair = 2019 - kNull;         // more, of a pair that is not in the CPU's own list
inline constexpr double kPairMade = 85645 - kNull;         // more, of a pair that is made
inline constexpr double kClassWarm = 36844 - 36324;        // more, of a size class's buffer that is there
inline constexpr double kClassMade128 = 131739 - 36844;    // more, of one of 128 KiB that is made
inline constexpr double kClassMade1024 = 629194 - 346233;  // and of 1 MiB
inline constexpr double kClassMadeKib = (kClassMade1024 - kClassMade128) / (1024 - 128);
inline constexpr double kCopiedByte = (47689.0 - 2038) / (2 * 65536);  // of a message that is not in place
/// Of a message that is cleared at the end, as in size classes, and in pairs without message_retain.
inline constexpr double kClearedByte = (36324.0 - 30065) / 100000;
inline constexpr double kMapped = 29941 - 7291;  // more, of a dma-buf that is attached and mapped anew

/// More, of a size class's buffer that is made.
constexpr double class_made(double kib) { return kClassMade128 + (kib - 128) * kClassMadeKib; }

}  // namespace qtee::tune::cost
