/* SPDX-License-Identifier: GPL-2.0-only */
/* Where programs count invocations, by process, object and operation, with the times of their phases. */
#ifndef QTEE_BPF_CALLS_BPF_H
#define QTEE_BPF_CALLS_BPF_H

#include "qtee.bpf.h"
#include "servers.bpf.h"

#include "calls.h"

/* How many keys there is room for; user space sets the sizes of the maps by it: keys, and one slot more. */
const volatile __u32 calls_keys_max = 1;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct calls_key);
	__type(value, u32); /* slot */
} calls_keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct calls_slot);
} calls_slots SEC(".maps");

/* The last slot that was given to a key. */
__u32 calls_slots_used;
/* Invocations of which times are not known: they began before the programs were there. */
__u64 calls_partial;

static __noinline struct calls_slot *calls_slot_create(struct calls_key *key)
{
	struct calls_slot *slot;
	u32 none = 0, index, *found;

	if (calls_slots_used >= calls_keys_max)
		return bpf_map_lookup_elem(&calls_slots, &none);
	index = __sync_fetch_and_add(&calls_slots_used, 1) + 1;
	slot = index <= calls_keys_max ? bpf_map_lookup_elem(&calls_slots, &index) : NULL;
	if (!slot)
		return bpf_map_lookup_elem(&calls_slots, &none);
	slot->key = *key;
	qtee_comm(slot->comm);
	if (!bpf_map_update_elem(&calls_keys, key, &index, BPF_NOEXIST)) {
		slot->used = 1;
		return slot;
	}
	/* Another CPU was faster; this slot stays empty. */
	found = bpf_map_lookup_elem(&calls_keys, key);
	return bpf_map_lookup_elem(&calls_slots, found ?: &none);
}

/*
 * Slots that were found last, by bits of their keys: whether one is right, its own key says. Looking into the hash costs 100
 * instructions more.
 */
#define CALLS_CACHE 256

__u32 calls_cache[CALLS_CACHE];

static __always_inline struct calls_slot *calls_slot_find(struct calls_key *key)
{
	u32 *cached = &calls_cache[(key->object ^ key->op << 3 ^ key->tgid << 5) & (CALLS_CACHE - 1)];
	u32 index = *cached, *found;
	struct calls_slot *slot;

	slot = bpf_map_lookup_elem(&calls_slots, &index);
	if (slot && slot->used && slot->key.object == key->object && slot->key.op == key->op && slot->key.tgid == key->tgid)
		return slot;
	found = bpf_map_lookup_elem(&calls_keys, key);
	if (!found)
		return calls_slot_create(key);
	*cached = *found;
	return bpf_map_lookup_elem(&calls_slots, found);
}

/* The current process's. */
static __always_inline struct calls_slot *calls_slot_get(u32 object, u32 op)
{
	struct calls_key key = { .object = object, .op = op, .tgid = qtee_tgid() };

	return calls_slot_find(&key);
}

/* A function of its own, and not a static one: the verifier looks at it once. */
__noinline int calls_phase_max(struct calls_phase *phase, u64 ns)
{
	u64 max;
	int i;

	if (!phase)
		return 0;
	max = phase->max;
	/* Others may raise it meanwhile; it takes many that are slower and slower to lose one. */
	for (i = 0; i < 4 && ns > max; i++) {
		u64 found = __sync_val_compare_and_swap(&phase->max, max, ns);

		if (found == max)
			break;
		max = found;
	}
	return 0;
}

static __always_inline void calls_phase_add(struct calls_phase *phase, u64 ns)
{
	__sync_fetch_and_add(&phase->buckets[qtee_bucket(ns) & (QTEE_BUCKETS - 1)], 1);
	__sync_fetch_and_add(&phase->sum, ns);
	if (ns > phase->max)
		calls_phase_max(phase, ns);
}

/* An invocation of the current thread's process is over. */
static __always_inline void calls_count(struct calls_slot *slot, u64 total, u64 in, u64 secure, u64 callback,
					u64 server, u32 callbacks, bool failed)
{
	u64 rest = in + secure + callback;

	__sync_fetch_and_add(&slot->calls, 1);
	if (failed)
		__sync_fetch_and_add(&slot->errors, 1);
	calls_phase_add(&slot->phases[CALLS_TOTAL], total);
	calls_phase_add(&slot->phases[CALLS_LINUX_IN], in);
	calls_phase_add(&slot->phases[CALLS_SECURE], secure);
	calls_phase_add(&slot->phases[CALLS_LINUX_OUT], total > rest ? total - rest : 0);
	if (!callbacks)
		return;
	if (server > callback)
		server = callback;
	__sync_fetch_and_add(&slot->callbacks, callbacks);
	calls_phase_add(&slot->phases[CALLS_CALLBACK], callback - server);
	calls_phase_add(&slot->phases[CALLS_SERVER], server);
}

#endif /* QTEE_BPF_CALLS_BPF_H */
