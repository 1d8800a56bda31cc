/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks by id. The same stack has the same id; none is forgotten while the tool runs, and where there is no more room
 * for one it has none.
 */
#ifndef QTEE_BPF_STACK_BPF_H
#define QTEE_BPF_STACK_BPF_H

#include "qtee.bpf.h"

#include "stack.h"

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 64 * sizeof(u64));
} qtee_stacks SEC(".maps");

/* Of the current thread: in the kernel, or with BPF_F_USER_STACK its program's. */
static __always_inline u32 qtee_stack(void *ctx, u64 flags)
{
	long id = bpf_get_stackid(ctx, &qtee_stacks, flags);

	return id < 0 ? QTEE_STACK_NONE : id;
}

#endif /* QTEE_BPF_STACK_BPF_H */
