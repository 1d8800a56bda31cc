/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program at the end of invocations that counts them in calls.bpf.h. The event says where the time went; only what a
 * server had of it others have to find out (server_events.bpf.h), at events that an invocation without callbacks does
 * not have.
 */
#ifndef QTEE_BPF_CALLS_EVENTS_BPF_H
#define QTEE_BPF_CALLS_EVENTS_BPF_H

#include "calls.bpf.h"

SEC("tp_btf/qtee_invoke_end")
int BPF_PROG(calls_invoke_end, const struct qtee_trace_invocation *trace, u64 now, u32 object, u32 op, s32 result,
	     int error)
{
	u64 begin, server = 0;
	struct calls_slot *slot;
	u32 callbacks;

	/* Never NULL, but the verifier can't know. */
	if (!trace)
		return 0;
	begin = trace->begin;
	callbacks = trace->callbacks;
	if (!begin || callbacks)
		server = qtee_server_take(trace->name);
	if (!qtee_wanted(object, op))
		return 0;
	if (!begin) {
		__sync_fetch_and_add(&calls_partial, 1);
		return 0;
	}
	slot = calls_slot_get(object, op);
	if (slot)
		calls_count(slot, now - begin, trace->in, trace->secure, trace->callback, server, callbacks, result || error);
	return 0;
}

#endif /* QTEE_BPF_CALLS_EVENTS_BPF_H */
