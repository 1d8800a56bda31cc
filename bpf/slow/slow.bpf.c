// SPDX-License-Identifier: GPL-2.0-only
/*
 * qtee-slow: follows each invocation that is asked for from event to event, and keeps where its thread slept, was not run,
 * and what it did in the kernel. Only what took too long is sent to user space.
 */
#include "stack.bpf.h"

#include "slow.h"

/* ns */
const volatile __u64 slow_threshold;
const volatile __u64 slow_sample_ns;

enum {
	ANSWER_FINAL,
	ANSWER_CALLBACK,
	ANSWER_INTERRUPTED,
	ANSWER_SLEEP,
	ANSWER_BUSY,
};

/* An invocation under way. Its own thread writes; but a server's does where it says so, while the invoker waits for it. */
struct slow_state {
	struct slow_call call;
	u64 since; /* when the phase began */
	u64 off; /* when the thread left its CPU; 0 while it has one */
	u64 request; /* when the callback came; and what of it is known */
	u64 queued; /* server's */
	u64 received; /* server's */
	u32 off_stack;
	u32 phase;
	u32 off_kind;
	struct slow_callback callback; /* server's, but for ns */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64); /* name of the invocation */
	__type(value, struct slow_state);
} slow_states SEC(".maps");

/* The innermost invocation of a thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32); /* tid */
	__type(value, u64);
} slow_threads SEC(".maps");

/* As large as a state: too large for a program's stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct slow_state);
} slow_first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} slow_records SEC(".maps");

__u64 slow_calls;

static __always_inline struct slow_state *slow_state_get(u64 invocation)
{
	return bpf_map_lookup_elem(&slow_states, &invocation);
}

static __always_inline struct slow_state *slow_state_of(u32 tid)
{
	u64 *invocation = bpf_map_lookup_elem(&slow_threads, &tid);

	return invocation ? slow_state_get(*invocation) : NULL;
}

/* What the phase took until now is its, and another begins. */
static __always_inline void slow_phase_set(struct slow_state *state, u32 phase)
{
	u64 now = bpf_ktime_get_ns();
	u32 last = state->phase;

	/* The verifier is to see that it is the one which was compared. */
	barrier_var(last);
	if (last < SLOW_PHASES)
		state->call.phases[last] += now - state->since;
	state->phase = phase;
	state->since = now;
}

/* A wait more, or more of one that is known. */
static __noinline int slow_wait_add(struct slow_state *state, u32 stack, u32 kind, u64 ns)
{
	u32 i;

	if (!state)
		return 0;
	for (i = 0; i < SLOW_WAITS; i++) {
		struct slow_wait *wait = &state->call.wait[i];

		if (i < state->call.waits &&
		    (wait->stack != stack || wait->kind != kind || wait->phase != (u8)state->phase))
			continue;
		if (i >= state->call.waits) {
			state->call.waits = i + 1;
			wait->stack = stack;
			wait->kind = kind;
			wait->phase = state->phase;
		}
		wait->ns += ns;
		wait->count++;
		return 0;
	}
	state->call.waits_lost++;
	return 0;
}

SEC("tp_btf/qtee_invoke_begin")
int BPF_PROG(slow_invoke_begin, u64 invocation, u32 object, u32 op)
{
	u32 none = 0, tid = bpf_get_current_pid_tgid();
	struct slow_state *state;

	if (!qtee_wanted(object, op))
		return 0;
	state = bpf_map_lookup_elem(&slow_first, &none);
	if (!state)
		return 0;
	__builtin_memset(state, 0, sizeof(*state));
	state->call.invocation = invocation;
	state->call.object = object;
	state->call.op = op;
	state->call.pid = qtee_tgid();
	state->call.tid = tid;
	state->call.begin = bpf_ktime_get_ns();
	state->since = state->call.begin;
	state->phase = SLOW_LINUX_IN;
	if (bpf_map_update_elem(&slow_states, &invocation, state, BPF_ANY) ||
	    bpf_map_update_elem(&slow_threads, &tid, &invocation, BPF_ANY))
		qtee_lose();
	return 0;
}

SEC("tp_btf/qtee_smc_enter")
int BPF_PROG(slow_smc_enter, u64 invocation)
{
	struct slow_state *state = slow_state_get(invocation);

	if (!state)
		return 0;
	/* Re-entries and retries go on with what was begun. */
	if (state->phase != SLOW_SECURE)
		slow_phase_set(state, SLOW_SECURE);
	state->call.smcs++;
	return 0;
}

SEC("tp_btf/qtee_smc_exit")
int BPF_PROG(slow_smc_exit, u64 invocation, u32 transport, u32 kind, u32 answer)
{
	struct slow_state *state = slow_state_get(invocation);

	if (!state)
		return 0;
	if (answer == ANSWER_INTERRUPTED)
		state->call.interrupted++;
	else if (answer == ANSWER_SLEEP)
		state->call.slept++;
	else if (answer == ANSWER_BUSY)
		state->call.busy++;
	else
		slow_phase_set(state, SLOW_LINUX_OUT);
	return 0;
}

SEC("tp_btf/qtee_callback_request")
int BPF_PROG(slow_callback_request, u64 invocation, u32 object, u32 op)
{
	struct slow_state *state = slow_state_get(invocation);

	if (!state)
		return 0;
	slow_phase_set(state, SLOW_CALLBACK);
	__builtin_memset(&state->callback, 0, sizeof(state->callback));
	state->callback.object = object;
	state->callback.op = op;
	state->request = state->since;
	state->queued = 0;
	state->received = 0;
	state->call.callbacks++;
	return 0;
}

SEC("tp_btf/qtee_callback_queue")
int BPF_PROG(slow_callback_queue, u64 invocation, u64 object, u32 request)
{
	struct slow_state *state = request ? slow_state_get(invocation) : NULL;

	if (state && !state->queued)
		state->queued = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/qtee_callback_receive")
int BPF_PROG(slow_callback_receive, u64 invocation, u64 object, u32 request)
{
	struct slow_state *state = request ? slow_state_get(invocation) : NULL;

	if (!state)
		return 0;
	state->received = bpf_ktime_get_ns();
	state->callback.queue_ns = state->queued ? state->received - state->queued : 0;
	state->callback.server = qtee_tgid();
	qtee_comm(state->callback.comm);
	return 0;
}

static __always_inline void slow_server_end(struct slow_state *state)
{
	if (!state->received)
		return;
	state->callback.server_ns += bpf_ktime_get_ns() - state->received;
	state->received = 0;
}

SEC("tp_btf/qtee_callback_reply")
int BPF_PROG(slow_callback_reply, u64 invocation)
{
	struct slow_state *state = slow_state_get(invocation);

	if (state)
		slow_server_end(state);
	return 0;
}

SEC("tp_btf/qtee_callback_end")
int BPF_PROG(slow_callback_end, u64 invocation, u32 object, u32 op, s32 result, int error)
{
	struct slow_state *state = slow_state_get(invocation);

	if (!state)
		return 0;
	/* A server that died has not answered. */
	slow_server_end(state);
	slow_phase_set(state, SLOW_LINUX_OUT);
	state->callback.ns = state->since - state->request;
	state->callback.error = error;
	state->call.queue_ns += state->callback.queue_ns;
	state->call.server_ns += state->callback.server_ns;
	if (state->callback.ns >= state->call.longest.ns)
		state->call.longest = state->callback;
	return 0;
}

SEC("tp_btf/qtee_invoke_end")
int BPF_PROG(slow_invoke_end, const struct qtee_trace_invocation *trace, u64 now, u32 object, u32 op, s32 result,
	     int error)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct slow_state *state;
	u64 name;

	if (!trace)
		return 0;
	name = trace->name;
	state = slow_state_get(name);
	if (!state)
		return 0;
	__sync_fetch_and_add(&slow_calls, 1);
	slow_phase_set(state, SLOW_PHASES);
	state->call.total = state->since - state->call.begin;
	if (state->call.total >= slow_threshold) {
		state->call.result = result;
		state->call.error = error;
		state->call.stack = qtee_stack(ctx, BPF_F_USER_STACK);
		qtee_comm(state->call.comm);
		if (bpf_ringbuf_output(&slow_records, &state->call, sizeof(state->call), 0))
			qtee_lose();
	}
	bpf_map_delete_elem(&slow_states, &name);
	bpf_map_delete_elem(&slow_threads, &tid);
	return 0;
}

/* Callbacks are the server's time, or show as such; the invoker's sleep for them says nothing. */
SEC("tp_btf/sched_switch")
int BPF_PROG(slow_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next, u32 prev_state)
{
	struct slow_state *state;
	u64 now;

	if (!prev || !next)
		return 0;
	state = slow_state_of(prev->pid);
	if (state && state->phase != SLOW_CALLBACK) {
		state->off = bpf_ktime_get_ns();
		state->off_kind = prev_state && !preempt ? SLOW_ASLEEP : SLOW_PREEMPTED;
		state->off_stack = qtee_stack(ctx, 0);
	}
	state = slow_state_of(next->pid);
	if (state && state->off) {
		now = bpf_ktime_get_ns();
		slow_wait_add(state, state->off_stack, state->off_kind, now - state->off);
		state->off = 0;
	}
	return 0;
}

SEC("perf_event")
int slow_sample(struct bpf_perf_event_data *ctx)
{
	struct slow_state *state = slow_state_of(bpf_get_current_pid_tgid());

	if (state && (state->phase == SLOW_LINUX_IN || state->phase == SLOW_LINUX_OUT))
		slow_wait_add(state, qtee_stack(ctx, 0), SLOW_RUNNING, slow_sample_ns);
	return 0;
}
