/* SPDX-License-Identifier: BSD-3-Clause */
/* An arm64 Image of our own: header, stacks, and an SMC that shows every register. */
#define STACK_SIZE 4096

	.section .head, "ax"
	.global payload_start
payload_start:
	b	primary
	.word	0
	.quad	0			/* text_offset */
	.quad	payload_end - payload_start
	.quad	0xa			/* 4K pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0

primary:
	ldr	x1, =stacks + STACK_SIZE
	mov	sp, x1
	ldr	x1, =payload_vectors
	msr	vbar_el1, x1
	isb
	bl	payload_main
	b	.

	/* CPU_ON's target: x0 is the context, all others 0. OR-ed into x1 as proof. */
	.global payload_secondary_start
payload_secondary_start:
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	orr	x1, x1, x\n
	.endr
	ldr	x2, =payload_vectors
	msr	vbar_el1, x2
	isb
	mrs	x2, mpidr_el1
	and	x2, x2, #0xff
	add	x2, x2, #1
	ldr	x3, =stacks
	mov	x4, #STACK_SIZE
	madd	x3, x2, x4, x3
	mov	sp, x3
	bl	payload_secondary
	b	.
	.ltorg

	.text
	/* void smc_all(const u64 in[31], u64 out[31]) */
	.global smc_all
smc_all:
	stp	x19, x20, [sp, #-112]!
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	x18, x1, [sp, #96]
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	ldr	x\n, [x0, #(8 * \n)]
	.endr
	ldr	x0, [x0]
	smc	#0
	stp	x0, x1, [sp, #-16]!
	ldr	x1, [sp, #(16 + 96 + 8)]
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	str	x\n, [x1, #(8 * \n)]
	.endr
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x1]
	ldr	x18, [sp, #96]
	ldp	x29, x30, [sp, #80]
	ldp	x27, x28, [sp, #64]
	ldp	x25, x26, [sp, #48]
	ldp	x23, x24, [sp, #32]
	ldp	x21, x22, [sp, #16]
	ldp	x19, x20, [sp], #112
	ret

	.balign	0x800
payload_vectors:
	.rept	16
	.balign	0x80
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	b	payload_exception
	.endr
	.balign	0x80

	.section .stacks, "aw"
	.balign	16
stacks:	.space	9 * STACK_SIZE
