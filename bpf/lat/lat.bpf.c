// SPDX-License-Identifier: GPL-2.0-only
/*
 * qtee-lat on the driver's trace events. The end of an invocation says where its time went; only what a server had of it
 * is to be found out, at events that an invocation without callbacks does not have.
 */
#include "server_events.bpf.h"
#include "slots.bpf.h"

SEC("tp_btf/qtee_invoke_end")
int BPF_PROG(lat_invoke_end, const struct qtee_trace_invocation *trace, u64 now, u32 object, u32 op, s32 result,
	     int error)
{
	u64 begin, server = 0;
	struct lat_slot *slot;
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
		__sync_fetch_and_add(&lat_partial, 1);
		return 0;
	}
	slot = lat_slot_get(object, op);
	if (slot)
		lat_count(slot, now - begin, trace->in, trace->secure, trace->callback, server, callbacks, result || error);
	return 0;
}
