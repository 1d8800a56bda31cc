// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers that assembly, linker script and C++ share. Plain macros, as the assembler reads them too.
#pragma once

#define QTEE_MAX_CPUS 8
#define QTEE_STACK_GUARD 4096
#define QTEE_STACK_SIZE 65536

// struct Cpu, found through TPIDR_EL3.
#define QTEE_CPU_DUMP 0  // 31 registers and SP

// SCTLR_EL3: RES1 bits, then M, C, SA, I, WXN.
#define QTEE_SCTLR_EL3 (0x30c50830 | (1 << 0) | (1 << 2) | (1 << 3) | (1 << 12) | (1 << 19))
