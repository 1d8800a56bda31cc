// SPDX-License-Identifier: GPL-2.0-only
/*
 * qtee-exporter on the driver's trace events: counts invocations by class of object and operation, as ids of objects are new
 * each time. An object's class is where it came from: what the end of the invocation that gave it says. Only such
 * invocations, and callbacks, have more than one event.
 */
#include "calls.bpf.h"
#include "server_events.bpf.h"

#include "metrics.h"

#define METRICS_OP_OPEN 0
#define METRICS_ARGS_MAX 60
#define METRICS_ID_LINUX 0x80000000u /* objects of Linux's have it */

enum metrics_arg_kind {
	METRICS_ARG_INPUT = 0,
	METRICS_ARG_OBJECT_OUT = 3,
};

#define METRICS_ARG_USER 1
#define METRICS_ARG_PLACED 2

struct qtee_object;

/* See include/linux/qtee.h. */
struct qtee_arg {
	u8 kind;
	u8 flags;
	u32 wire;
	union {
		struct {
			void *addr;
			unsigned long size;
		} buffer;
		struct qtee_object *object;
	};
} __attribute__((preserve_access_index));

struct qtee_args {
	unsigned int count;
	struct qtee_arg *arg;
} __attribute__((preserve_access_index));

/* How many classes there is room for. */
const volatile __u32 metrics_classes_max = METRICS_FIXED;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct metrics_class_key);
	__type(value, u32);
} metrics_class_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, METRICS_FIXED);
	__type(key, u32);
	__type(value, struct metrics_class);
} metrics_classes SEC(".maps");

/* Classes of objects in QTEE that are alive, by id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, u32);
} metrics_objects SEC(".maps");

/* Invocations under way that have given an object. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u32);
} metrics_givers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, METRICS_ERRORS_MAX);
	__type(key, struct metrics_error);
	__type(value, u64);
} metrics_errors SEC(".maps");

/* Since when a callback waits for its server's answer, by the name of the invocation. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} metrics_waiting SEC(".maps");

/* The next class that is free. */
__u32 metrics_classes_next = METRICS_FIXED;
/* Entries of metrics_givers: an invocation that gave nothing looks at this alone. */
__u64 metrics_givers_count;
/* What there was no room for. */
__u64 metrics_lost_classes;
__u64 metrics_lost_objects;
__u64 metrics_lost_errors;

static __noinline u32 metrics_class_make(struct metrics_class_key *key, u32 depth)
{
	struct metrics_class *class;
	u32 index, *found;

	found = bpf_map_lookup_elem(&metrics_class_ids, key);
	if (found)
		return *found;
	index = metrics_classes_next < metrics_classes_max ? __sync_fetch_and_add(&metrics_classes_next, 1) : ~0u;
	class = index < metrics_classes_max ? bpf_map_lookup_elem(&metrics_classes, &index) : NULL;
	if (!class) {
		__sync_fetch_and_add(&metrics_lost_classes, 1);
		return METRICS_OTHER;
	}
	class->parent = key->parent;
	class->number = key->number;
	class->origin = key->origin;
	class->depth = depth;
	if (!bpf_map_update_elem(&metrics_class_ids, key, &index, BPF_NOEXIST))
		return index;
	/* Another CPU was faster; this one stays empty. */
	found = bpf_map_lookup_elem(&metrics_class_ids, key);
	return found ? *found : METRICS_OTHER;
}

static __always_inline u32 metrics_class_of(u32 object)
{
	u32 *class;

	if (object == 1)
		return METRICS_ROOT;
	class = bpf_map_lookup_elem(&metrics_objects, &object);
	return class ? *class : METRICS_UNKNOWN;
}

static __always_inline struct qtee_arg *metrics_arg(u64 args, u32 i)
{
	return (struct qtee_arg *)(args + i * bpf_core_type_size(struct qtee_arg));
}

/* The number that a service is opened by: the first input of four bytes. */
__noinline u32 metrics_uid(u64 args, u32 count)
{
	u32 uid = METRICS_UID_UNKNOWN, i;

	bpf_for(i, 0, METRICS_ARGS_MAX) {
		struct qtee_arg *arg = metrics_arg(args, i);
		u8 flags;

		if (i >= count)
			break;
		if (BPF_CORE_READ(arg, kind) != METRICS_ARG_INPUT || BPF_CORE_READ(arg, buffer.size) != sizeof(uid))
			continue;
		flags = BPF_CORE_READ(arg, flags);
		if (flags & METRICS_ARG_USER)
			bpf_probe_read_user(&uid, sizeof(uid), BPF_CORE_READ(arg, buffer.addr));
		else if (!(flags & METRICS_ARG_PLACED))
			bpf_probe_read_kernel(&uid, sizeof(uid), BPF_CORE_READ(arg, buffer.addr));
		break;
	}
	return uid;
}

/* Remembers the class of all objects that an invocation has given. */
__noinline int metrics_learn(u64 args, u32 count, u32 class)
{
	u32 i;

	bpf_for(i, 0, METRICS_ARGS_MAX) {
		struct qtee_arg *arg = metrics_arg(args, i);
		u32 id;

		if (i >= count)
			break;
		if (BPF_CORE_READ(arg, kind) != METRICS_ARG_OBJECT_OUT || !BPF_CORE_READ(arg, object))
			continue;
		id = BPF_CORE_READ(arg, wire);
		if (!(id & METRICS_ID_LINUX) && bpf_map_update_elem(&metrics_objects, &id, &class, BPF_ANY))
			__sync_fetch_and_add(&metrics_lost_objects, 1);
	}
	return 0;
}

/* The class of objects that an operation of an object of class `parent` gives. */
static __always_inline u32 metrics_class_given(u32 parent, u32 op, u64 args, u32 count)
{
	struct metrics_class *class = bpf_map_lookup_elem(&metrics_classes, &parent);
	struct metrics_class_key key = {};
	u32 origin, depth;

	if (!class || parent < METRICS_ROOT)
		return parent;
	origin = class->origin;
	depth = class->depth;
	if (parent == METRICS_ROOT || origin == METRICS_ORIGIN_ENVIRONMENT) {
		key.origin = METRICS_ORIGIN_ENVIRONMENT;
		if (op != METRICS_OP_OPEN)
			return metrics_class_make(&key, 0);
		key.origin = METRICS_ORIGIN_SERVICE;
		key.number = metrics_uid(args, count);
		return metrics_class_make(&key, 1);
	}
	if (depth >= METRICS_DEPTH_MAX)
		return parent;
	key.parent = parent;
	key.number = op;
	key.origin = METRICS_ORIGIN_CHILD;
	return metrics_class_make(&key, depth + 1);
}

static __noinline int metrics_fail(struct metrics_error *error)
{
	u64 first = 1, *count = bpf_map_lookup_elem(&metrics_errors, error);

	if (!count && !bpf_map_update_elem(&metrics_errors, error, &first, BPF_NOEXIST))
		return 0;
	count = bpf_map_lookup_elem(&metrics_errors, error);
	__sync_fetch_and_add(count ?: &metrics_lost_errors, 1);
	return 0;
}

/* Where it counts; the first slot, which user space has made, has what there is no room for. */
static __always_inline struct calls_slot *metrics_slot(u32 class, u32 op)
{
	struct calls_key key = { .object = class, .op = op };
	struct calls_slot *slot = calls_slot_find(&key);
	u32 other = 1;

	return slot && slot->used ? slot : bpf_map_lookup_elem(&calls_slots, &other);
}

SEC("tp_btf/qtee_invoke_end")
int BPF_PROG(metrics_invoke_end, const struct qtee_trace_invocation *trace, u64 now, u32 object, u32 op, s32 result,
	     int error, const struct qtee_args *args)
{
	u64 begin, name, server = 0;
	struct calls_slot *slot;
	u32 class, callbacks;

	if (!trace || !args)
		return 0;
	name = trace->name;
	begin = trace->begin;
	callbacks = trace->callbacks;
	class = metrics_class_of(object);
	if (!begin || callbacks)
		server = qtee_server_take(name);
	if (result || error) {
		struct metrics_error why = { class, op, error ?: result, !!error };

		metrics_fail(&why);
	}
	if (metrics_givers_count && !bpf_map_delete_elem(&metrics_givers, &name)) {
		/* A number, and no pointer that the verifier knows: such are no arguments of functions. */
		u64 arg = (u64)BPF_CORE_READ(args, arg);
		u32 count = args->count;

		__sync_fetch_and_add(&metrics_givers_count, -1);
		metrics_learn(arg, count, metrics_class_given(class, op, arg, count));
	}
	if (!begin) {
		__sync_fetch_and_add(&calls_partial, 1);
		return 0;
	}
	slot = metrics_slot(class, op);
	if (slot)
		calls_count(slot, now - begin, trace->in, trace->secure, trace->callback, server, callbacks, result || error);
	return 0;
}

SEC("tp_btf/qtee_object_create")
int BPF_PROG(metrics_object_create, u64 invocation, u32 object)
{
	u32 one = 1;

	if (object & METRICS_ID_LINUX || !invocation)
		return 0;
	if (!bpf_map_update_elem(&metrics_givers, &invocation, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&metrics_givers_count, 1);
	return 0;
}

SEC("tp_btf/qtee_object_release")
int BPF_PROG(metrics_object_release, u64 invocation, u32 object)
{
	if (!(object & METRICS_ID_LINUX))
		bpf_map_delete_elem(&metrics_objects, &object);
	return 0;
}

SEC("tp_btf/qtee_callback_queue")
int BPF_PROG(metrics_callback_queue, u64 invocation, u64 object, u32 request)
{
	u64 now = bpf_ktime_get_ns();

	if (invocation && request && bpf_map_update_elem(&metrics_waiting, &invocation, &now, BPF_NOEXIST))
		qtee_lose();
	return 0;
}

SEC("tp_btf/qtee_callback_end")
int BPF_PROG(metrics_callback_end, u64 invocation, u32 object, u32 op, s32 result, int error)
{
	bpf_map_delete_elem(&metrics_waiting, &invocation);
	if (result || error) {
		struct metrics_error why = { METRICS_LINUX, 0, error ?: result, !!error };

		metrics_fail(&why);
	}
	return 0;
}
