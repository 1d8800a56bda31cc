/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From reset to C++. All CPUs start at flash address 0, at EL3, MMU off. CPU 0 copies the image to secure RAM and
 * builds the translation tables; the others wait for boot_released, then enter with those tables.
 */
#include "layout.hpp"

	.section .boot, "ax"
	.global boot_start
boot_start:
	msr	tpidr_el3, xzr
	mrs	x19, mpidr_el1
	and	x19, x19, #0xff
	cbnz	x19, .Lwait

	adr	x0, boot_start
	ldr	x1, =__image_start
	ldr	x2, =__image_end
1:	ldp	x3, x4, [x0], #16
	stp	x3, x4, [x1], #16
	cmp	x1, x2
	b.lo	1b
	ldr	x0, =__bss_start
	ldr	x1, =__bss_end
2:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	2b
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	ldr	x0, =boot_primary
	br	x0

	/* The word is 0 both in RAM at reset and in the image. */
.Lwait:	cmp	x19, #QTEE_MAX_CPUS
	b.hs	.Lpark
	ldr	x0, =boot_released
1:	ldr	w1, [x0]
	cbnz	w1, 2f
	wfe
	b	1b
2:	dmb	sy
	ldr	x0, =boot_secondary
	br	x0
.Lpark:	wfi
	b	.Lpark
	.ltorg

	.text
	/* x19: CPU index. Clobbers x0, x1. */
	.macro	set_stack
	ldr	x0, =__stacks_start
	ldr	x1, =(QTEE_STACK_GUARD + QTEE_STACK_SIZE)
	add	x2, x19, #1
	madd	x0, x1, x2, x0
	msr	spsel, #1
	mov	sp, x0
	ldr	x0, =vectors
	msr	vbar_el3, x0
	isb
	.endm

	.global boot_primary
boot_primary:
	set_stack
	bl	mmu_build
	bl	mmu_enable
	bl	machine_boot_primary
	b	.

	.global boot_secondary
boot_secondary:
	set_stack
	bl	mmu_enable
	mov	x0, x19
	bl	machine_boot_secondary
	b	.

	/* void mmu_enable(): the registers' values were worked out by mmu_build. */
mmu_enable:
	ldr	x0, =mmu_registers
	ldp	x1, x2, [x0]
	ldr	x3, [x0, #16]
	msr	mair_el3, x1
	msr	tcr_el3, x2
	msr	ttbr0_el3, x3
	dsb	sy
	tlbi	alle3
	dsb	sy
	isb
	ldr	x1, =QTEE_SCTLR_EL3
	msr	sctlr_el3, x1
	isb
	ret

	/*
	 * [[noreturn]] void cpu_enter_lower(u64 entry, u64 x0, u64 spsr): leaves this CPU's EL3 stack empty, as every
	 * SMC expects it, and hides all registers.
	 */
	.global cpu_enter_lower
cpu_enter_lower:
	msr	elr_el3, x0
	msr	spsr_el3, x2
	mov	x20, x1
	mrs	x19, mpidr_el1
	and	x19, x19, #0xff
	set_stack
	mov	x0, x20
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	eret
	.ltorg
