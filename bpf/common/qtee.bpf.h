/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For BPF programs at the driver's trace events: what those pass, and whose invocations are asked for. Times are ns of
 * CLOCK_MONOTONIC, as bpf_ktime_get_ns() gives them. What user space sees of a program, its global variables, has __u32 and
 * so on for types.
 */
#ifndef QTEE_BPF_QTEE_BPF_H
#define QTEE_BPF_QTEE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "filter.h"

/* See tracepoints/invocation.h. Fields are found by the BTF of the module that is loaded. */
struct qtee_trace_invocation {
	u64 name;
	u64 begin;
	u64 since;
	u64 in;
	u64 secure;
	u64 callback;
	u32 callbacks;
} __attribute__((preserve_access_index));

struct qtee_args;

char LICENSE[] SEC("license") = "GPL";

const volatile struct qtee_filter qtee_filter;
/* Events for which a map had no room. */
__u64 qtee_lost;

/* Of the process, not of the thread. */
static __always_inline void qtee_comm(char comm[QTEE_COMM_SIZE])
{
	struct task_struct *task = bpf_get_current_task_btf();

	bpf_probe_read_kernel_str(comm, QTEE_COMM_SIZE, task->group_leader->comm);
}

static __always_inline u32 qtee_tgid(void)
{
	return bpf_get_current_task_btf()->tgid;
}

/* Whether the current thread's process is asked for. */
static __always_inline bool qtee_wanted_process(void)
{
	char comm[QTEE_COMM_SIZE] = {};
	int i;

	if (qtee_filter.by_process && qtee_tgid() != qtee_filter.tgid)
		return false;
	if (qtee_filter.by_comm) {
		qtee_comm(comm);
		for (i = 0; i < QTEE_COMM_SIZE; i++)
			if (comm[i] != qtee_filter.comm[i])
				return false;
	}
	return true;
}

/* Whether the current thread's invocation is asked for. */
static __always_inline bool qtee_wanted(u32 object, u32 op)
{
	if (qtee_filter.by_object && object != qtee_filter.object)
		return false;
	if (qtee_filter.by_op && op != qtee_filter.op)
		return false;
	return qtee_wanted_process();
}

static __always_inline void qtee_lose(void)
{
	__sync_fetch_and_add(&qtee_lost, 1);
}

#endif /* QTEE_BPF_QTEE_BPF_H */
