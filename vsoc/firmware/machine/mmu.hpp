// SPDX-License-Identifier: BSD-3-Clause
//
// EL3's flat map: code read-only, everything else not executable, nothing at address 0, a hole under every stack.
#pragma once

#include <cstdint>

namespace qtee::machine {

// Fills the tables; the MMU is still off. The device tree is the only non-secure memory mapped.
extern "C" void mmu_build();

// Maps non-secure RAM from kRamBase on, cached; a multiple of 2 MiB. Once, on the boot CPU.
void mmu_map_ram(std::uint64_t size);

}  // namespace qtee::machine
