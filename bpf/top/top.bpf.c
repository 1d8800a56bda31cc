// SPDX-License-Identifier: GPL-2.0-only
/*
 * qtee-top: counts invocations as qtee-lat does, and keeps the callbacks that are under way and the threads that wait for a
 * message buffer. An invocation that has neither passes one of these programs.
 */
#include "calls_events.bpf.h"

#include "top.h"

struct qtee_pool {
	const char *name;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64); /* name of the invocation */
	__type(value, struct top_callback);
} top_callbacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32); /* tid */
	__type(value, struct top_wait);
} top_waits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, char[TOP_POOL_SIZE]);
	__type(value, struct top_pool);
} top_pools SEC(".maps");

SEC("tp_btf/qtee_callback_request")
int BPF_PROG(top_callback_request, u64 invocation, u32 object, u32 op)
{
	struct top_callback callback = { .object = object, .op = op };

	/* The object that is called back is not the one that is asked for. */
	if (!invocation || !qtee_wanted_process())
		return 0;
	callback.since = bpf_ktime_get_ns();
	callback.tgid = qtee_tgid();
	qtee_comm(callback.comm);
	if (bpf_map_update_elem(&top_callbacks, &invocation, &callback, BPF_ANY))
		qtee_lose();
	return 0;
}

SEC("tp_btf/qtee_callback_receive")
int BPF_PROG(top_callback_receive, u64 invocation, u64 object, u32 request)
{
	struct top_callback *callback;
	u64 now;

	if (!invocation || !request)
		return 0;
	now = bpf_ktime_get_ns();
	qtee_server_begin(invocation, now);
	callback = bpf_map_lookup_elem(&top_callbacks, &invocation);
	if (!callback)
		return 0;
	callback->server = qtee_tgid();
	qtee_comm(callback->server_comm);
	callback->received = now;
	callback->state = TOP_SERVED;
	return 0;
}

SEC("tp_btf/qtee_callback_reply")
int BPF_PROG(top_callback_reply, u64 invocation)
{
	struct top_callback *callback = bpf_map_lookup_elem(&top_callbacks, &invocation);

	qtee_server_end(invocation, bpf_ktime_get_ns());
	if (callback)
		callback->state = TOP_ANSWERED;
	return 0;
}

SEC("tp_btf/qtee_callback_end")
int BPF_PROG(top_callback_end, u64 invocation)
{
	/* A server that died has not answered. */
	qtee_server_end(invocation, bpf_ktime_get_ns());
	bpf_map_delete_elem(&top_callbacks, &invocation);
	return 0;
}

SEC("tp_btf/qtee_pool_miss")
int BPF_PROG(top_pool_miss, const struct qtee_pool *pool)
{
	struct top_wait wait = { .since = bpf_ktime_get_ns() };
	u32 tid = bpf_get_current_pid_tgid();

	if (!pool || !qtee_wanted_process())
		return 0;
	bpf_probe_read_kernel_str(wait.pool, sizeof(wait.pool), pool->name);
	if (bpf_map_update_elem(&top_waits, &tid, &wait, BPF_ANY))
		qtee_lose();
	return 0;
}

SEC("tp_btf/qtee_pool_served")
int BPF_PROG(top_pool_served)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct top_wait *wait = bpf_map_lookup_elem(&top_waits, &tid);
	struct top_pool none = {}, *pool;

	if (!wait)
		return 0;
	pool = bpf_map_lookup_elem(&top_pools, wait->pool);
	if (!pool) {
		bpf_map_update_elem(&top_pools, wait->pool, &none, BPF_NOEXIST);
		pool = bpf_map_lookup_elem(&top_pools, wait->pool);
	}
	if (pool) {
		__sync_fetch_and_add(&pool->count, 1);
		__sync_fetch_and_add(&pool->ns, bpf_ktime_get_ns() - wait->since);
	} else {
		qtee_lose();
	}
	bpf_map_delete_elem(&top_waits, &tid);
	return 0;
}
