// SPDX-License-Identifier: BSD-3-Clause
//
// GICv3. Every interrupt is Linux's (group 1, non-secure) but two, group 0, which come to EL3 as FIQ: one SGI that
// wakes a CPU, and the secure physical timer.
#pragma once

#include <cstdint>

namespace qtee::machine {

// How many CPUs the board has, as the redistributors tell it.
unsigned gic_cpu_count();

// Once, on the boot CPU.
void gic_distributor_init();

// On each CPU, once: its redistributor and its system-register interface.
void gic_cpu_init(unsigned index);

// No interrupt of Linux reaches this CPU any more, until Linux enables them again.
void gic_cpu_quiesce();

// Wakes CPU `index` from WFI.
void gic_wake(unsigned index);

// Takes the highest pending group 0 interrupt, if any, and ends it. Returns its INTID, or 1020 and above for none.
std::uint32_t gic_acknowledge();

// Makes a shared peripheral interrupt pending.
void gic_set_pending(std::uint32_t intid);

inline constexpr std::uint32_t kIntidWake = 15;
inline constexpr std::uint32_t kIntidSecureTimer = 29;

}  // namespace qtee::machine
