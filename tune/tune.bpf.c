// SPDX-License-Identifier: GPL-2.0-only
/*
 * qtee-tune: counts what the tunables are chosen by. Nothing is sent to user space while it runs.
 */
#include "qtee.bpf.h"

#include "tune.h"

#define OP_RELEASE 0xffff
#define ANSWER_BUSY 4
#define ENOMEM 12

/* As in include/linux/qtee.h and shmbridge/pool.h; found by the module's BTF. */
struct qtee_arg_buffer {
	void *addr;
	unsigned long size;
};

struct qtee_arg {
	u8 kind;
	u8 flags;
	struct qtee_arg_buffer buffer;
} __attribute__((preserve_access_index));

struct qtee_args {
	unsigned int count;
	struct qtee_arg *arg;
} __attribute__((preserve_access_index));

struct qtee_pool {
	const char *name;
	u32 size;
} __attribute__((preserve_access_index));

#define ARG_BUFFERS 2 /* kinds below are buffers */
#define ARG_PLACED 2 /* flag */
#define ARGS_MAX 60
#define MSG_MAX (4u << 20)

/* Largest message of a pair, and of each class, ascending; 0 behind the last. */
const volatile __u32 tune_pair_bytes;
const volatile __u32 tune_class_bytes[TUNE_CLASSES];

struct tune_totals tune_totals;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tune_lists);
} tune_lists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u64);
	__type(value, struct tune_pool);
} tune_pools SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32); /* tgid */
	__type(value, struct tune_server);
} tune_servers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32); /* tgid */
	__type(value, struct tune_copier);
} tune_copiers SEC(".maps");

/* The class that an invocation's message is for, by its name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u32);
} tune_large SEC(".maps");

/* A callback that a server has, or will. */
struct tune_request {
	u64 queued;
	u32 tgid; /* of the server, once a thread has it */
	u32 busy;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64); /* name of the invocation */
	__type(value, struct tune_request);
} tune_requests SEC(".maps");

/* When a server's thread answered last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32); /* tid */
	__type(value, u64);
} tune_replies SEC(".maps");

/* Since when a thread misses a buffer. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32); /* tid */
	__type(value, u64);
} tune_missing SEC(".maps");

/* When memory was unmapped, by its physical address. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u64);
} tune_unmapped SEC(".maps");

static __always_inline void tune_add(__u64 *sum, u64 n)
{
	__sync_fetch_and_add(sum, n);
}

static __always_inline void tune_most(__u64 *most, u64 value)
{
	if (value > *most)
		*most = value;
}

static __always_inline u64 tune_level_up(struct tune_level *level)
{
	s64 now = __sync_fetch_and_add(&level->now, 1) + 1;

	if (now > level->most)
		level->most = now;
	return now;
}

/* What began before the programs were there does not go below 0. */
static __always_inline void tune_level_down(struct tune_level *level)
{
	if (level->now > 0)
		__sync_fetch_and_add(&level->now, -1);
}

static __always_inline u32 tune_tid(void)
{
	return bpf_get_current_pid_tgid();
}

struct tune_measure {
	u64 arg;
	u64 bytes;
};

/* Adds up a buffer, unless it lies in memory of the program's own. */
static long tune_measure_one(u64 index, void *data)
{
	struct tune_measure *measure = data;
	u64 arg = measure->arg + index * bpf_core_type_size(struct qtee_arg), size = 0;
	u8 kind = 0, flags = 0;

	bpf_probe_read_kernel(&kind, sizeof(kind), (void *)(arg + bpf_core_field_offset(struct qtee_arg, kind)));
	bpf_probe_read_kernel(&flags, sizeof(flags), (void *)(arg + bpf_core_field_offset(struct qtee_arg, flags)));
	if (kind >= ARG_BUFFERS || flags & ARG_PLACED)
		return 0;
	bpf_probe_read_kernel(&size, sizeof(size), (void *)(arg + bpf_core_field_offset(struct qtee_arg, buffer.size)));
	/* What a user asks for is not checked yet. */
	measure->bytes += size < MSG_MAX ? (size + 7) & ~7ull : MSG_MAX;
	return 0;
}

/* Bytes of a message with these arguments. */
static __always_inline u64 tune_message_bytes(const struct qtee_args *args, u32 header)
{
	struct tune_measure measure = {};
	u32 count = args->count;

	if (!count)
		return header;
	if (count > ARGS_MAX)
		count = ARGS_MAX;
	/* A number: the verifier lets nobody walk along a pointer. */
	bpf_core_read(&measure.arg, sizeof(measure.arg), &args->arg);
	bpf_loop(count, tune_measure_one, &measure, 0);
	return ((header + count * 8 + 7) & ~7u) + measure.bytes;
}

static __always_inline void tune_copier_add(u64 bytes)
{
	struct tune_copier first = {}, *copier;
	u32 tgid = qtee_tgid();

	copier = bpf_map_lookup_elem(&tune_copiers, &tgid);
	if (!copier) {
		qtee_comm(first.comm);
		bpf_map_update_elem(&tune_copiers, &tgid, &first, BPF_NOEXIST);
		copier = bpf_map_lookup_elem(&tune_copiers, &tgid);
		if (!copier) {
			qtee_lose();
			return;
		}
	}
	tune_add(&copier->calls, 1);
	tune_add(&copier->bytes, bytes);
}

/* A message that a pair has no room for. */
static __noinline int tune_large_add(u64 invocation, u64 bytes)
{
	u32 i;

	for (i = 0; i < TUNE_CLASSES; i++) {
		u32 class = i;

		if (tune_class_bytes[i] < bytes)
			continue;
		tune_level_up(&tune_totals.classes[i]);
		if (bpf_map_update_elem(&tune_large, &invocation, &class, BPF_ANY))
			qtee_lose();
		break;
	}
	return 0;
}

static const u32 tune_depths[TUNE_DEPTHS] = TUNE_DEPTH_VALUES;

SEC("tp_btf/qtee_invoke_begin")
int BPF_PROG(tune_invoke_begin, u64 invocation, u32 object, u32 op, const struct qtee_args *args)
{
	struct tune_lists *lists;
	u32 none = 0, i;
	u64 bytes, unit;

	if (op == OP_RELEASE || !args)
		return 0;
	tune_add(&tune_totals.invocations, 1);
	tune_level_up(&tune_totals.at_once);
	lists = bpf_map_lookup_elem(&tune_lists, &none);
	if (lists) {
		for (i = 0; i < TUNE_DEPTHS; i++) {
			if (lists->out[i] < tune_depths[i])
				lists->out[i]++;
			else
				lists->empty[i]++;
		}
	}
	bytes = tune_message_bytes(args, 12);
	unit = (bytes - 1) >> TUNE_UNIT_SHIFT;
	if (unit >= TUNE_UNITS)
		unit = TUNE_UNITS - 1;
	tune_add(&tune_totals.units[unit], 1);
	tune_most(&tune_totals.largest, bytes);
	if (bytes >= TUNE_COPY_LARGE)
		tune_copier_add(bytes);
	if (bytes > tune_pair_bytes)
		tune_large_add(invocation, bytes);
	return 0;
}

SEC("tp_btf/qtee_invoke_end")
int BPF_PROG(tune_invoke_end, const struct qtee_trace_invocation *trace, u64 now, u32 object, u32 op)
{
	struct tune_lists *lists;
	u32 none = 0, i, *class;
	u64 name;

	/* Never NULL, but the verifier can't know. */
	if (!trace || op == OP_RELEASE || !trace->begin)
		return 0;
	tune_level_down(&tune_totals.at_once);
	lists = bpf_map_lookup_elem(&tune_lists, &none);
	if (lists) {
		for (i = 0; i < TUNE_DEPTHS; i++)
			if (lists->out[i])
				lists->out[i]--;
	}
	name = trace->name;
	class = bpf_map_lookup_elem(&tune_large, &name);
	if (!class)
		return 0;
	i = *class;
	if (i < TUNE_CLASSES)
		tune_level_down(&tune_totals.classes[i]);
	bpf_map_delete_elem(&tune_large, &name);
	return 0;
}

SEC("tp_btf/qtee_smc_enter")
int BPF_PROG(tune_smc_enter)
{
	tune_level_up(&tune_totals.in_qtee);
	return 0;
}

SEC("tp_btf/qtee_smc_exit")
int BPF_PROG(tune_smc_exit, u64 invocation, u32 transport, u32 kind, u32 answer)
{
	u64 now = tune_totals.in_qtee.now;

	if (answer == ANSWER_BUSY) {
		tune_add(&tune_totals.busy, 1);
		if (now > 0 && (!tune_totals.busy_fewest || now < tune_totals.busy_fewest))
			tune_totals.busy_fewest = now;
	}
	tune_level_down(&tune_totals.in_qtee);
	return 0;
}

SEC("tp_btf/qtee_callback_request")
int BPF_PROG(tune_callback_request, u64 invocation, u32 object, u32 op, const struct qtee_args *args)
{
	if (!args)
		return 0;
	tune_add(&tune_totals.callbacks, 1);
	tune_most(&tune_totals.outbound_largest, tune_message_bytes(args, 16));
	return 0;
}

SEC("tp_btf/qtee_callback_queue")
int BPF_PROG(tune_callback_queue, u64 invocation, u64 object, u32 request)
{
	struct tune_request first = { .queued = bpf_ktime_get_ns() };

	/* A request that goes back to the queue was never away from it. */
	if (!request || !invocation || bpf_map_lookup_elem(&tune_requests, &invocation))
		return 0;
	if (bpf_map_update_elem(&tune_requests, &invocation, &first, BPF_NOEXIST)) {
		qtee_lose();
		return 0;
	}
	tune_level_up(&tune_totals.requests);
	return 0;
}

static __always_inline struct tune_server *tune_server_get(u32 tgid)
{
	struct tune_server first = {}, *server = bpf_map_lookup_elem(&tune_servers, &tgid);

	if (server)
		return server;
	qtee_comm(first.comm);
	bpf_map_update_elem(&tune_servers, &tgid, &first, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tune_servers, &tgid);
}

SEC("tp_btf/qtee_callback_receive")
int BPF_PROG(tune_callback_receive, u64 invocation, u64 object, u32 request)
{
	u64 now = bpf_ktime_get_ns(), waited, *replied;
	u32 tid = tune_tid(), tgid = qtee_tgid();
	struct tune_request *known;
	struct tune_server *server;

	known = request ? bpf_map_lookup_elem(&tune_requests, &invocation) : NULL;
	if (!known || known->busy)
		return 0;
	server = tune_server_get(tgid);
	if (!server) {
		qtee_lose();
		return 0;
	}
	known->tgid = tgid;
	known->busy = 1;
	tune_add(&server->received, 1);
	tune_level_up(&server->busy);
	/* Its thread answered another after this one was queued: so it was busy then, and no other took it. */
	replied = bpf_map_lookup_elem(&tune_replies, &tid);
	if (!replied || *replied < known->queued)
		return 0;
	waited = now - known->queued;
	tune_add(&server->behind, 1);
	tune_add(&server->behind_ns, waited);
	tune_most(&server->behind_most, waited);
	return 0;
}

/* The server is done with it, or it will never be. */
static __always_inline void tune_request_end(u64 invocation)
{
	struct tune_request *known = bpf_map_lookup_elem(&tune_requests, &invocation);
	struct tune_server *server;
	u32 tgid;

	if (!known)
		return;
	tgid = known->tgid;
	server = known->busy ? bpf_map_lookup_elem(&tune_servers, &tgid) : NULL;
	if (server)
		tune_level_down(&server->busy);
	if (!bpf_map_delete_elem(&tune_requests, &invocation))
		tune_level_down(&tune_totals.requests);
}

SEC("tp_btf/qtee_callback_reply")
int BPF_PROG(tune_callback_reply, u64 invocation)
{
	u64 now = bpf_ktime_get_ns();
	u32 tid = tune_tid();

	bpf_map_update_elem(&tune_replies, &tid, &now, BPF_ANY);
	tune_request_end(invocation);
	return 0;
}

SEC("tp_btf/qtee_callback_end")
int BPF_PROG(tune_callback_end, u64 invocation)
{
	tune_request_end(invocation);
	return 0;
}

static __always_inline struct tune_pool *tune_pool_get(const struct qtee_pool *pool)
{
	struct tune_pool first = {}, *found;
	u64 key = (u64)pool;

	found = bpf_map_lookup_elem(&tune_pools, &key);
	if (found)
		return found;
	first.size = pool->size;
	bpf_probe_read_kernel_str(first.name, sizeof(first.name), pool->name);
	bpf_map_update_elem(&tune_pools, &key, &first, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tune_pools, &key);
}

SEC("tp_btf/qtee_pool_miss")
int BPF_PROG(tune_pool_miss, const struct qtee_pool *pool)
{
	struct tune_pool *counts = pool ? tune_pool_get(pool) : NULL;
	u64 now = bpf_ktime_get_ns();
	u32 tid = tune_tid();

	if (!counts)
		return 0;
	tune_add(&counts->misses, 1);
	bpf_map_update_elem(&tune_missing, &tid, &now, BPF_ANY);
	return 0;
}

SEC("tp_btf/qtee_pool_served")
int BPF_PROG(tune_pool_served, const struct qtee_pool *pool, int error)
{
	struct tune_pool *counts = pool ? tune_pool_get(pool) : NULL;
	u32 tid = tune_tid();
	u64 *since, waited;

	since = bpf_map_lookup_elem(&tune_missing, &tid);
	if (!counts || !since)
		return 0;
	waited = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&tune_missing, &tid);
	tune_add(&counts->waited_ns, waited);
	tune_most(&counts->waited_most, waited);
	if (error == -ENOMEM)
		tune_add(&counts->no_memory, 1);
	return 0;
}

SEC("tp_btf/qtee_pool_grow")
int BPF_PROG(tune_pool_grow, const struct qtee_pool *pool, int error)
{
	struct tune_pool *counts = pool && !error ? tune_pool_get(pool) : NULL;
	u32 tid = tune_tid();

	if (!counts)
		return 0;
	tune_add(&counts->made, 1);
	if (!counts->away)
		return 0;
	tune_add(&counts->away, -1);
	tune_add(&counts->remade, 1);
	tune_most(&counts->gap_most, bpf_ktime_get_ns() - counts->shrunk);
	/* Else a worker makes it. */
	if (bpf_map_lookup_elem(&tune_missing, &tid))
		tune_add(&counts->again, 1);
	return 0;
}

SEC("tp_btf/qtee_pool_shrink")
int BPF_PROG(tune_pool_shrink, const struct qtee_pool *pool)
{
	struct tune_pool *counts = pool ? tune_pool_get(pool) : NULL;

	if (!counts)
		return 0;
	tune_add(&counts->away, 1);
	counts->shrunk = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/qtee_memory_map")
int BPF_PROG(tune_memory_map, u64 paddr, u64 size, u32 perms, int error)
{
	u64 *since;

	if (error || !paddr)
		return 0;
	tune_add(&tune_totals.maps, 1);
	since = bpf_map_lookup_elem(&tune_unmapped, &paddr);
	if (!since)
		return 0;
	tune_add(&tune_totals.maps_again, 1);
	tune_most(&tune_totals.maps_gap_most, bpf_ktime_get_ns() - *since);
	return 0;
}

SEC("tp_btf/qtee_memory_unmap")
int BPF_PROG(tune_memory_unmap, u64 paddr)
{
	u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&tune_unmapped, &paddr, &now, BPF_ANY);
	return 0;
}
