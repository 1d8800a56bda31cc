// SPDX-License-Identifier: BSD-3-Clause
//
// System registers and the few instructions that C++ has no word for. Names newer than the assembler's baseline are
// spelled by their encoding.
#pragma once

#include <cstdint>

namespace qtee::machine {

#define QTEE_SYSREG_RO(name, spelling)               \
  inline std::uint64_t read_##name() {               \
    std::uint64_t value;                             \
    asm volatile("mrs %0, " spelling : "=r"(value)); \
    return value;                                    \
  }
#define QTEE_SYSREG_WO(name, spelling) \
  inline void write_##name(std::uint64_t value) { asm volatile("msr " spelling ", %0" ::"r"(value) : "memory"); }
#define QTEE_SYSREG(name, spelling) QTEE_SYSREG_RO(name, spelling) QTEE_SYSREG_WO(name, spelling)

QTEE_SYSREG_RO(mpidr_el1, "mpidr_el1")
QTEE_SYSREG_RO(midr_el1, "midr_el1")
QTEE_SYSREG_RO(isr_el1, "isr_el1")
QTEE_SYSREG_RO(esr_el3, "esr_el3")
QTEE_SYSREG_RO(far_el3, "far_el3")
QTEE_SYSREG_RO(elr_el3, "elr_el3")
QTEE_SYSREG_RO(spsr_el3, "spsr_el3")
QTEE_SYSREG(sctlr_el1, "sctlr_el1")
QTEE_SYSREG(scr_el3, "scr_el3")
QTEE_SYSREG(cptr_el3, "cptr_el3")
QTEE_SYSREG(mdcr_el3, "mdcr_el3")
QTEE_SYSREG(tpidr_el3, "tpidr_el3")

QTEE_SYSREG_RO(id_aa64pfr0, "S3_0_C0_C4_0")
QTEE_SYSREG_RO(id_aa64pfr1, "S3_0_C0_C4_1")
QTEE_SYSREG_RO(id_aa64pfr2, "S3_0_C0_C4_2")
QTEE_SYSREG_RO(id_aa64smfr0, "S3_0_C0_C4_5")
QTEE_SYSREG_RO(id_aa64isar1, "S3_0_C0_C6_1")
QTEE_SYSREG_RO(id_aa64isar2, "S3_0_C0_C6_2")
QTEE_SYSREG_RO(id_aa64mmfr0, "S3_0_C0_C7_0")
QTEE_SYSREG_RO(id_aa64mmfr1, "S3_0_C0_C7_1")
QTEE_SYSREG_RO(id_aa64mmfr3, "S3_0_C0_C7_3")
QTEE_SYSREG_WO(zcr_el3, "S3_6_C1_C2_0")
QTEE_SYSREG_WO(smcr_el3, "S3_6_C1_C2_6")

QTEE_SYSREG_RO(cntfrq_el0, "cntfrq_el0")
QTEE_SYSREG_RO(cntpct_el0, "cntpct_el0")
QTEE_SYSREG(cntps_ctl_el1, "S3_7_C14_C2_1")
QTEE_SYSREG(cntps_cval_el1, "S3_7_C14_C2_2")

QTEE_SYSREG(icc_sre_el1, "S3_0_C12_C12_5")
QTEE_SYSREG(icc_sre_el3, "S3_6_C12_C12_5")
QTEE_SYSREG_WO(icc_pmr_el1, "S3_0_C4_C6_0")
QTEE_SYSREG_WO(icc_igrpen0_el1, "S3_0_C12_C12_6")
QTEE_SYSREG(icc_igrpen1_el3, "S3_6_C12_C12_7")
QTEE_SYSREG_RO(icc_iar0_el1, "S3_0_C12_C8_0")
QTEE_SYSREG_WO(icc_eoir0_el1, "S3_0_C12_C8_1")
QTEE_SYSREG_WO(icc_sgi0r_el1, "S3_0_C12_C11_7")

#undef QTEE_SYSREG
#undef QTEE_SYSREG_WO
#undef QTEE_SYSREG_RO

inline void cpu_isb() { asm volatile("isb" ::: "memory"); }
inline void cpu_dsb() { asm volatile("dsb sy" ::: "memory"); }
inline void cpu_wfi() { asm volatile("wfi" ::: "memory"); }
inline void cpu_yield() { asm volatile("yield" ::: "memory"); }

// Devices: one access of exactly this size, at this address.
inline std::uint32_t mmio_read32(std::uint64_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }
inline std::uint64_t mmio_read64(std::uint64_t address) { return *reinterpret_cast<volatile std::uint64_t*>(address); }
inline void mmio_write32(std::uint64_t address, std::uint32_t value) {
  *reinterpret_cast<volatile std::uint32_t*>(address) = value;
}

// The field of a register that starts at `shift` and has `bits` bits.
constexpr std::uint64_t field(std::uint64_t value, unsigned shift, unsigned bits = 4) {
  return (value >> shift) & ((std::uint64_t{1} << bits) - 1);
}

}  // namespace qtee::machine
