// SPDX-License-Identifier: GPL-2.0-only
/*
 * qtee-trace: sends the events of invocations that are asked for, and of those made while a callback of theirs is served. It reads
 * the events' records, whose format is documented in tracepoints/README.md.
 */
#include "qtee.bpf.h"

#include "trace.h"

struct trace_common {
	u16 type;
	u8 flags;
	u8 preempt_count;
	s32 pid;
};

struct trace_call_event { /* qtee_invoke_begin, qtee_callback_request */
	struct trace_common common;
	u64 invocation;
	u32 object;
	u32 in_bytes;
	u32 out_bytes;
	u16 op;
	u8 ib;
	u8 ob;
	u8 io;
	u8 oo;
};

struct trace_invoke_end_event {
	struct trace_common common;
	u64 invocation;
	u64 total_ns;
	u64 secure_ns;
	u64 callback_ns;
	u32 in_ns;
	u32 object;
	s32 result;
	s32 error;
	u32 out_bytes;
	u16 op;
	u8 callbacks;
};

struct trace_callback_end_event {
	struct trace_common common;
	u64 invocation;
	u32 object;
	s32 result;
	s32 error;
	u32 out_bytes;
	u16 op;
};

struct trace_smc_exit_event {
	struct trace_common common;
	u64 invocation;
	u32 type;
	s32 result;
	s32 error;
	u8 transport;
	u8 kind;
	u8 answer;
};

struct trace_dispatch_event {
	struct trace_common common;
	u64 invocation;
	u32 object;
	u16 op;
	char name[TRACE_NAME_SIZE];
};

struct trace_request_event { /* qtee_callback_receive, and as far as the request's id qtee_callback_reply */
	struct trace_common common;
	u64 invocation;
	u64 object;
	u32 request;
};

/* Answers of QTEE's. */
#define ANSWER_INTERRUPTED 2
#define ANSWER_SLEEP 3
#define ANSWER_BUSY 4

/* An invocation that is shown, from its begin to its end. Its own thread and, while that waits, one server's write it. */
struct trace_call {
	u64 parent;
	u32 server; /* thread that has its request */
	u32 busy;
	u32 interrupted;
	u32 sleeping;
	char name[TRACE_NAME_SIZE]; /* of the object that is called back */
};

/* By the name of the invocation. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, struct trace_call);
} trace_calls SEC(".maps");

/* Of a thread: the invocation, one of those above, whose callback it serves. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, u64);
} trace_serving SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* user space sets it */
} trace_records SEC(".maps");

/* Ends of invocations that began before this did. */
__u64 trace_partial;

static __always_inline struct trace_call *trace_call_get(u64 invocation)
{
	return bpf_map_lookup_elem(&trace_calls, &invocation);
}

static __always_inline u32 trace_tid(void)
{
	return bpf_get_current_pid_tgid();
}

static __always_inline struct trace_record *trace_reserve(u32 kind, u64 invocation)
{
	struct trace_record *record = bpf_ringbuf_reserve(&trace_records, sizeof(*record), 0);

	if (!record) {
		qtee_lose();
		return NULL;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->time = bpf_ktime_get_ns();
	record->kind = kind;
	record->invocation = invocation;
	record->tgid = qtee_tgid();
	record->tid = trace_tid();
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	return record;
}

static __always_inline void trace_serve(u64 invocation)
{
	u32 tid = trace_tid();

	if (invocation)
		bpf_map_update_elem(&trace_serving, &tid, &invocation, BPF_ANY);
	else
		bpf_map_delete_elem(&trace_serving, &tid);
}

static __always_inline void trace_call_fill(struct trace_record *record, const struct trace_call_event *event)
{
	record->object = event->object;
	record->op = event->op;
	record->in_bytes = event->in_bytes;
	record->out_bytes = event->out_bytes;
	record->ib = event->ib;
	record->ob = event->ob;
	record->io = event->io;
	record->oo = event->oo;
}

SEC("tp/qtee/qtee_invoke_begin")
int trace_invoke_begin(struct trace_call_event *event)
{
	struct trace_record *record;
	struct trace_call call = {};
	u64 invocation = event->invocation, *serving;
	u32 tid = trace_tid();

	serving = bpf_map_lookup_elem(&trace_serving, &tid);
	if (serving && trace_call_get(*serving))
		call.parent = *serving;
	if (!call.parent && !qtee_wanted(event->object, event->op))
		return 0;
	if (bpf_map_update_elem(&trace_calls, &invocation, &call, BPF_ANY)) {
		qtee_lose();
		return 0;
	}
	record = trace_reserve(TRACE_INVOKE_BEGIN, invocation);
	if (!record) {
		bpf_map_delete_elem(&trace_calls, &invocation);
		return 0;
	}
	record->parent = call.parent;
	trace_call_fill(record, event);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("tp/qtee/qtee_invoke_end")
int trace_invoke_end(struct trace_invoke_end_event *event)
{
	struct trace_record *record;
	u64 invocation = event->invocation;
	struct trace_call *call = trace_call_get(invocation);

	if (!call) {
		if (!event->total_ns)
			__sync_fetch_and_add(&trace_partial, 1);
		return 0;
	}
	record = trace_reserve(TRACE_INVOKE_END, invocation);
	if (record) {
		record->total = event->total_ns;
		record->secure = event->secure_ns;
		record->callback = event->callback_ns;
		record->in = event->in_ns;
		record->object = event->object;
		record->op = event->op;
		record->result = event->result;
		record->error = event->error;
		record->out_bytes = event->out_bytes;
		record->busy = call->busy;
		record->interrupted = call->interrupted;
		record->sleeping = call->sleeping;
		bpf_ringbuf_submit(record, 0);
	}
	bpf_map_delete_elem(&trace_calls, &invocation);
	return 0;
}

SEC("tp/qtee/qtee_smc_exit")
int trace_smc_exit(struct trace_smc_exit_event *event)
{
	struct trace_call *call;

	if (event->answer < ANSWER_INTERRUPTED)
		return 0;
	call = trace_call_get(event->invocation);
	if (!call)
		return 0;
	if (event->answer == ANSWER_INTERRUPTED)
		call->interrupted++;
	if (event->answer == ANSWER_SLEEP)
		call->sleeping++;
	if (event->answer == ANSWER_BUSY)
		call->busy++;
	return 0;
}

SEC("tp/qtee/qtee_callback_request")
int trace_callback_request(struct trace_call_event *event)
{
	struct trace_call *call = trace_call_get(event->invocation);
	struct trace_record *record;

	if (!call)
		return 0;
	call->name[0] = 0;
	record = trace_reserve(TRACE_CALLBACK_REQUEST, event->invocation);
	if (!record)
		return 0;
	trace_call_fill(record, event);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* What is invoked in this thread until the callback's end is part of the callback. */
SEC("tp/qtee/qtee_callback_dispatch")
int trace_callback_dispatch(struct trace_dispatch_event *event)
{
	struct trace_call *call = trace_call_get(event->invocation);

	if (!call)
		return 0;
	__builtin_memcpy(call->name, event->name, sizeof(call->name));
	trace_serve(event->invocation);
	return 0;
}

SEC("tp/qtee/qtee_callback_receive")
int trace_callback_receive(struct trace_request_event *event)
{
	struct trace_call *call = trace_call_get(event->invocation);
	struct trace_record *record;

	if (!call || !event->request)
		return 0;
	call->server = trace_tid();
	trace_serve(event->invocation);
	record = trace_reserve(TRACE_CALLBACK_RECEIVE, event->invocation);
	if (record)
		bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("tp/qtee/qtee_callback_reply")
int trace_callback_reply(struct trace_request_event *event)
{
	struct trace_call *call = trace_call_get(event->invocation);
	struct trace_record *record;

	if (!call)
		return 0;
	trace_serve(0);
	call->server = 0;
	record = trace_reserve(TRACE_CALLBACK_REPLY, event->invocation);
	if (record)
		bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("tp/qtee/qtee_callback_end")
int trace_callback_end(struct trace_callback_end_event *event)
{
	struct trace_call *call = trace_call_get(event->invocation);
	struct trace_record *record;
	u32 server;

	if (!call)
		return 0;
	server = call->server;
	if (server) { /* it has not answered, and may be gone */
		bpf_map_delete_elem(&trace_serving, &server);
		call->server = 0;
	}
	trace_serve(call->parent);
	record = trace_reserve(TRACE_CALLBACK_END, event->invocation);
	if (!record)
		return 0;
	record->object = event->object;
	record->op = event->op;
	record->result = event->result;
	record->error = event->error;
	record->out_bytes = event->out_bytes;
	__builtin_memcpy(record->name, call->name, sizeof(record->name));
	bpf_ringbuf_submit(record, 0);
	return 0;
}
