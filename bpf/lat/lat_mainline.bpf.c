// SPDX-License-Identifier: GPL-2.0-only
/*
 * qtee-lat on mainline's driver, which has no trace events: by what its functions and qcom_scm's are called with, as
 * far as BTF knows them. An invocation is its thread here. From kernel 7.0 on qcom_scm has an event right before each
 * SMC, so that waiting for its mutex before the first one is Linux's time; before, all of qcom_scm is the secure world's.
 */
#include "calls.bpf.h"

struct object_info___qtee {
	unsigned long qtee_id;
} __attribute__((preserve_access_index));

enum qcomtee_object_type___qtee {
	OBJECT_ROOT = 2,
};

struct qcomtee_object___qtee {
	enum qcomtee_object_type___qtee object_type;
	struct object_info___qtee info;
} __attribute__((preserve_access_index));

struct qcomtee_user_object_request_data___qtee {
	int id;
} __attribute__((preserve_access_index));

struct qcomtee_ureq___qtee {
	int req_id;
} __attribute__((preserve_access_index));

struct tee_context___qtee {
	void *data;
} __attribute__((preserve_access_index));

#define ROOT_ID 1

/* Whether there is qcom_scm's event; user space finds out. */
const volatile __u8 lat_mainline_scm_event;

struct lat_thread {
	u64 begin;
	u64 since; /* in QTEE, or in a callback */
	u64 in;
	u64 secure;
	u64 callback;
	u32 callbacks;
	u8 entered; /* QTEE, at least once */
	u8 in_scm; /* in qcom_scm's function, with a message for QTEE: this thread's other SMCs are not such */
};

/* Invocations under way, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct lat_thread);
} lat_threads SEC(".maps");

/* A request by the context of its server and its id there. */
struct lat_request_id {
	u64 context;
	u64 id;
};

/* Whose thread waits for its answer. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct lat_request_id);
	__type(value, u32);
} lat_requests SEC(".maps");

/* When a server received a request. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct lat_request_id);
	__type(value, u64);
} lat_received SEC(".maps");

static __always_inline struct lat_thread *lat_thread_get(void)
{
	u32 tid = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&lat_threads, &tid);
}

SEC("fentry/qcomtee_object_do_invoke_internal")
int BPF_PROG(lat_mainline_begin)
{
	struct lat_thread thread = { .begin = bpf_ktime_get_ns() };
	u32 tid = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&lat_threads, &tid, &thread, BPF_ANY))
		qtee_lose();
	return 0;
}

SEC("fexit/qcomtee_object_do_invoke_internal")
int BPF_PROG(lat_mainline_end, void *context, struct qcomtee_object___qtee *object, u32 op, void *args, int *result, int ret)
{
	u32 id = object->object_type == OBJECT_ROOT ? ROOT_ID : object->info.qtee_id;
	u32 tid = bpf_get_current_pid_tgid();
	struct lat_thread *thread = lat_thread_get();
	struct calls_slot *slot;
	int answer = 0;
	u64 name = tid;

	if (!qtee_wanted(id, op))
		goto out;
	if (!thread) {
		__sync_fetch_and_add(&calls_partial, 1);
		return 0;
	}
	bpf_probe_read_kernel(&answer, sizeof(answer), result);
	slot = calls_slot_get(id, op);
	if (slot)
		calls_count(slot, bpf_ktime_get_ns() - thread->begin, thread->in, thread->secure, thread->callback,
			  qtee_server_take(name), thread->callbacks, ret || answer);
out:
	qtee_server_take(name);
	if (thread)
		bpf_map_delete_elem(&lat_threads, &tid);
	return 0;
}

static __always_inline void lat_mainline_secure_begin(struct lat_thread *thread)
{
	thread->since = bpf_ktime_get_ns();
	if (!thread->entered)
		thread->in = thread->since - thread->begin;
	thread->entered = 1;
}

static __always_inline int lat_mainline_enter(void)
{
	struct lat_thread *thread = lat_thread_get();

	if (!thread)
		return 0;
	thread->in_scm = 1;
	if (!lat_mainline_scm_event)
		lat_mainline_secure_begin(thread);
	return 0;
}

/* Re-entries, and further tries after QTEE was busy, go on with what was begun. */
SEC("tp_btf/scm_smc_request")
int BPF_PROG(lat_mainline_request)
{
	struct lat_thread *thread = lat_thread_get();

	if (thread && thread->in_scm && !thread->since)
		lat_mainline_secure_begin(thread);
	return 0;
}

static __always_inline int lat_mainline_exit(void)
{
	struct lat_thread *thread = lat_thread_get();

	if (!thread)
		return 0;
	thread->in_scm = 0;
	if (!thread->since)
		return 0;
	thread->secure += bpf_ktime_get_ns() - thread->since;
	thread->since = 0;
	return 0;
}

SEC("fentry/qcom_scm_qtee_invoke_smc")
int BPF_PROG(lat_mainline_smc_enter)
{
	return lat_mainline_enter();
}

SEC("fexit/qcom_scm_qtee_invoke_smc")
int BPF_PROG(lat_mainline_smc_exit)
{
	return lat_mainline_exit();
}

SEC("fentry/qcom_scm_qtee_callback_response")
int BPF_PROG(lat_mainline_response_enter)
{
	return lat_mainline_enter();
}

SEC("fexit/qcom_scm_qtee_callback_response")
int BPF_PROG(lat_mainline_response_exit)
{
	return lat_mainline_exit();
}

SEC("fentry/qcomtee_user_object_dispatch")
int BPF_PROG(lat_mainline_dispatch)
{
	struct lat_thread *thread = lat_thread_get();

	if (!thread)
		return 0;
	thread->callbacks++;
	thread->since = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/qcomtee_user_object_dispatch")
int BPF_PROG(lat_mainline_dispatched)
{
	struct lat_thread *thread = lat_thread_get();

	if (!thread || !thread->since)
		return 0;
	thread->callback += bpf_ktime_get_ns() - thread->since;
	thread->since = 0;
	return 0;
}

/* The request has its id by then. */
SEC("fexit/ureq_enqueue")
int BPF_PROG(lat_mainline_queue, void *context, struct qcomtee_ureq___qtee *request, int ret)
{
	struct lat_request_id id = { .context = (u64)context };
	u32 tid = bpf_get_current_pid_tgid();

	if (ret)
		return 0;
	id.id = (u32)request->req_id;
	bpf_map_update_elem(&lat_requests, &id, &tid, BPF_ANY);
	return 0;
}

SEC("fexit/qcomtee_user_object_select")
int BPF_PROG(lat_mainline_select, struct tee_context___qtee *context, void *params, int count, void *address, u64 size,
	     struct qcomtee_user_object_request_data___qtee *data, int ret)
{
	struct lat_request_id id = { .context = (u64)context->data, .id = (u32)data->id };
	u64 now = bpf_ktime_get_ns();

	if (!ret)
		bpf_map_update_elem(&lat_received, &id, &now, BPF_ANY);
	return 0;
}

/* What ends a request is inlined into this; releases, which nobody answers, do not come here. */
SEC("fentry/qcomtee_user_object_submit")
int BPF_PROG(lat_mainline_answer, struct tee_context___qtee *context, void *params, int count, int request)
{
	struct lat_request_id id = { .context = (u64)context->data, .id = (u32)request };
	u64 *received = bpf_map_lookup_elem(&lat_received, &id), name;
	u32 *tid = bpf_map_lookup_elem(&lat_requests, &id);

	if (!tid || !received)
		return 0;
	name = *tid;
	qtee_server_begin(name, *received);
	qtee_server_end(name, bpf_ktime_get_ns());
	bpf_map_delete_elem(&lat_received, &id);
	bpf_map_delete_elem(&lat_requests, &id);
	return 0;
}
