/* SPDX-License-Identifier: GPL-2.0-only */
/* Where qtee-lat's programs count. */
#ifndef QTEE_BPF_SLOTS_BPF_H
#define QTEE_BPF_SLOTS_BPF_H

#include "qtee.bpf.h"
#include "servers.bpf.h"

#include "lat.h"

/* How many keys there is room for; user space sets the sizes of the maps by it: keys, and one slot more. */
const volatile __u32 lat_keys_max = 1;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct lat_key);
	__type(value, u32); /* slot */
} lat_keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct lat_slot);
} lat_slots SEC(".maps");

/* The last slot that was given to a key. */
__u32 lat_slots_used;
/* Invocations of which times are not known: they began before the programs were there. */
__u64 lat_partial;

static __noinline struct lat_slot *lat_slot_create(struct lat_key *key)
{
	struct lat_slot *slot;
	u32 none = 0, index, *found;

	if (lat_slots_used >= lat_keys_max)
		return bpf_map_lookup_elem(&lat_slots, &none);
	index = __sync_fetch_and_add(&lat_slots_used, 1) + 1;
	slot = index <= lat_keys_max ? bpf_map_lookup_elem(&lat_slots, &index) : NULL;
	if (!slot)
		return bpf_map_lookup_elem(&lat_slots, &none);
	slot->key = *key;
	qtee_comm(slot->comm);
	if (!bpf_map_update_elem(&lat_keys, key, &index, BPF_NOEXIST)) {
		slot->used = 1;
		return slot;
	}
	/* Another CPU was faster; this slot stays empty. */
	found = bpf_map_lookup_elem(&lat_keys, key);
	return bpf_map_lookup_elem(&lat_slots, found ?: &none);
}

/*
 * Slots that were found last, by bits of their keys: whether one is right, its own key says. Looking into the hash costs 100
 * instructions more.
 */
#define LAT_CACHE 256

__u32 lat_cache[LAT_CACHE];

static __always_inline struct lat_slot *lat_slot_find(struct lat_key *key)
{
	u32 *cached = &lat_cache[(key->object ^ key->op << 3 ^ key->tgid << 5) & (LAT_CACHE - 1)];
	u32 index = *cached, *found;
	struct lat_slot *slot;

	slot = bpf_map_lookup_elem(&lat_slots, &index);
	if (slot && slot->used && slot->key.object == key->object && slot->key.op == key->op && slot->key.tgid == key->tgid)
		return slot;
	found = bpf_map_lookup_elem(&lat_keys, key);
	if (!found)
		return lat_slot_create(key);
	*cached = *found;
	return bpf_map_lookup_elem(&lat_slots, found);
}

/* The current process's. */
static __always_inline struct lat_slot *lat_slot_get(u32 object, u32 op)
{
	struct lat_key key = { .object = object, .op = op, .tgid = qtee_tgid() };

	return lat_slot_find(&key);
}

/* A function of its own, and not a static one: the verifier looks at it once. */
__noinline int lat_phase_max(struct lat_phase *phase, u64 ns)
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

static __always_inline void lat_phase_add(struct lat_phase *phase, u64 ns)
{
	__sync_fetch_and_add(&phase->buckets[qtee_bucket(ns) & (QTEE_BUCKETS - 1)], 1);
	__sync_fetch_and_add(&phase->sum, ns);
	if (ns > phase->max)
		lat_phase_max(phase, ns);
}

/* An invocation of the current thread's process is over. */
static __always_inline void lat_count(struct lat_slot *slot, u64 total, u64 in, u64 secure, u64 callback, u64 server,
				      u32 callbacks, bool failed)
{
	u64 rest = in + secure + callback;

	__sync_fetch_and_add(&slot->calls, 1);
	if (failed)
		__sync_fetch_and_add(&slot->errors, 1);
	lat_phase_add(&slot->phases[LAT_TOTAL], total);
	lat_phase_add(&slot->phases[LAT_LINUX_IN], in);
	lat_phase_add(&slot->phases[LAT_SECURE], secure);
	lat_phase_add(&slot->phases[LAT_LINUX_OUT], total > rest ? total - rest : 0);
	if (!callbacks)
		return;
	if (server > callback)
		server = callback;
	__sync_fetch_and_add(&slot->callbacks, callbacks);
	lat_phase_add(&slot->phases[LAT_CALLBACK], callback - server);
	lat_phase_add(&slot->phases[LAT_SERVER], server);
}

#endif /* QTEE_BPF_SLOTS_BPF_H */
