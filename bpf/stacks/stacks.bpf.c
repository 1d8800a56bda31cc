// SPDX-License-Identifier: GPL-2.0-only
/* qtee-stacks: who invokes, by the stacks at the end of invocations, and where the time of those went. */
#include "server_events.bpf.h"
#include "stack.bpf.h"

#include "stacks.h"

/* User space sets how many there may be. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct stacks_key);
	__type(value, struct stacks_value);
} stacks_counts SEC(".maps");

const volatile __u8 stacks_with_kernel;
__u64 stacks_partial;

SEC("tp_btf/qtee_invoke_end")
int BPF_PROG(stacks_invoke_end, const struct qtee_trace_invocation *trace, u64 now, u32 object, u32 op)
{
	struct stacks_key key = { .object = object, .op = op };
	struct stacks_value none = {}, *value;
	u64 callback, server = 0, total, rest;

	if (!trace)
		return 0;
	if (!trace->begin || trace->callbacks)
		server = qtee_server_take(trace->name);
	if (!qtee_wanted(object, op))
		return 0;
	if (!trace->begin) {
		__sync_fetch_and_add(&stacks_partial, 1);
		return 0;
	}
	key.tgid = qtee_tgid();
	qtee_comm(key.comm);
	key.user = qtee_stack(ctx, BPF_F_USER_STACK);
	key.kernel = stacks_with_kernel ? qtee_stack(ctx, 0) : QTEE_STACK_NONE;
	value = bpf_map_lookup_elem(&stacks_counts, &key);
	if (!value) {
		bpf_map_update_elem(&stacks_counts, &key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&stacks_counts, &key);
	}
	if (!value) {
		qtee_lose();
		return 0;
	}
	total = now - trace->begin;
	callback = trace->callback;
	if (server > callback)
		server = callback;
	rest = trace->in + trace->secure + callback;
	__sync_fetch_and_add(&value->calls, 1);
	__sync_fetch_and_add(&value->phases[STACKS_LINUX_IN], trace->in);
	__sync_fetch_and_add(&value->phases[STACKS_SECURE], trace->secure);
	__sync_fetch_and_add(&value->phases[STACKS_CALLBACK], callback - server);
	__sync_fetch_and_add(&value->phases[STACKS_SERVER], server);
	__sync_fetch_and_add(&value->phases[STACKS_LINUX_OUT], total > rest ? total - rest : 0);
	return 0;
}
