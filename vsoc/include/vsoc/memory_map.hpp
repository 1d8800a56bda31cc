// SPDX-License-Identifier: BSD-3-Clause
//
// Where things are in the virtual SoC: QEMU's `virt` board with `secure=on,gic-version=3`, and what vsoc/run places in
// its memory. One header for the firmware and for vsoc/run; docs/virtual-soc.md has the picture.
#pragma once

#include <cstdint>

namespace qtee::vsoc {

// Fixed by the board.
inline constexpr std::uint64_t kFlashBase = 0x0;  // secure; `-bios` puts the firmware here
inline constexpr std::uint64_t kGicDistributorBase = 0x08000000;
inline constexpr std::uint64_t kGicRedistributorBase = 0x080a0000;  // one per CPU
inline constexpr std::uint64_t kGicRedistributorStride = 0x20000;
inline constexpr std::uint64_t kUartLinuxBase = 0x09000000;   // first `-serial`
inline constexpr std::uint64_t kUartSecureBase = 0x09040000;  // second `-serial`: the firmware's console
inline constexpr std::uint64_t kSecureRamBase = 0x0e000000;
inline constexpr std::uint64_t kSecureRamSize = 0x01000000;
inline constexpr std::uint64_t kRamBase = 0x40000000;  // non-secure; `-m` says how much

// Chosen by us: what `-device loader,file=F,addr=A,force-raw=on` is told.
inline constexpr std::uint64_t kDtbBase = 0x40100000;  // QEMU keeps a tree of its own below, at the start of RAM
inline constexpr std::uint64_t kDtbMaxSize = 0x00100000;
inline constexpr std::uint64_t kImageBase = 0x40200000;   // arm64 boot protocol: 2 MiB aligned
inline constexpr std::uint64_t kInitrdBase = 0x4c000000;  // 190 MiB for the Image, its .bss included
inline constexpr std::uint64_t kRamMinSize = 0x10000000;  // 256 MiB; the firmware refuses less

// The wait-queue interrupt: a shared peripheral interrupt that no device of the board uses.
inline constexpr std::uint32_t kWaitqSpi = 200;               // as in the device tree: <GIC_SPI 200 EDGE_RISING>
inline constexpr std::uint32_t kWaitqHwirq = 32 + kWaitqSpi;  // as WAITQ GET_INFO tells it: GIC INTID

inline constexpr unsigned kMaxCpus = 8;

}  // namespace qtee::vsoc
