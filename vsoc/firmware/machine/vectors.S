/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL3 exception vectors. From a lower level: SMC, and FIQ for the firmware's own (group 0) interrupts. All else ends
 * the run with a dump.
 */
#include "layout.hpp"

	/* Caller-saved registers only: the C++ side keeps x19-x29 itself. Frame: x0-x18, x30. */
#define FRAME_SIZE 160

	.macro	frame_push
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x30, [sp, #144]
	.endm

	.macro	frame_pop
	ldp	x0, x1, [sp, #0]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x30, [sp, #144]
	add	sp, sp, #FRAME_SIZE
	.endm

	/*
	 * The run is over, so SP_EL0 may serve as scratch: the stack may be what failed. x0 = why.
	 */
	.macro	fatal why
	msr	sp_el0, x0
	mov	x0, #\why
	b	fatal_dump
	.endm

	.macro	vector label
	.balign	0x80
\label:
	.endm

	.text
	.balign	0x800
	.global vectors
vectors:
	/* current level, SP_EL0 */
	vector	cur0_sync
	fatal	0
	vector	cur0_irq
	fatal	1
	vector	cur0_fiq
	fatal	2
	vector	cur0_serror
	fatal	3
	/* current level, SP_EL3 */
	vector	cur_sync
	fatal	0
	vector	cur_irq
	fatal	1
	vector	cur_fiq
	fatal	2
	vector	cur_serror
	fatal	3
	/* lower level, AArch64 */
	vector	low_sync
	frame_push
	mrs	x0, esr_el3
	lsr	x0, x0, #26
	cmp	x0, #0x17
	b.ne	low_trap
	mov	x0, sp
	bl	smc_dispatch
	frame_pop
	eret
	vector	low_irq
	fatal	5
	vector	low_fiq
	frame_push
	bl	machine_fiq
	frame_pop
	eret
	vector	low_serror
	fatal	7
	/* lower level, AArch32: no such level is ever entered */
	vector	low32_sync
	fatal	8
	vector	low32_irq
	fatal	8
	vector	low32_fiq
	fatal	8
	vector	low32_serror
	fatal	8
	.balign	0x80

low_trap:
	frame_pop
	fatal	4

fatal_dump:
	msr	far_el1, x0		/* scratch as well: Linux does not run again */
	mrs	x0, tpidr_el3
	cbz	x0, .Lno_cpu
	add	x0, x0, #QTEE_CPU_DUMP
	str	x1, [x0, #8]
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	str	x\n, [x0, #(8 * \n)]
	.endr
	mrs	x1, sp_el0
	str	x1, [x0]
	mov	x1, sp
	str	x1, [x0, #(8 * 31)]
	/* A fresh stack for the dump: the second half of struct Cpu. */
	ldr	x1, [x0, #(8 * 32)]
	mov	sp, x1
	mov	x1, x0
	mrs	x0, far_el1
	bl	panic_exception
.Lno_cpu:
	/* Before this CPU has a struct Cpu nothing can be printed. */
	wfi
	b	.Lno_cpu
