// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trace events: where they are made, and the names of invocations in them.
 *
 * An invocation is named when it begins while some event is on: the CPU's number and a count of that CPU's, so a name
 * is never used twice, and making one takes no lock. Nothing at all is done while all events are off.
 */
#include <linux/container_of.h>
#include <linux/export.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>

#include "../kmod/transport.h"
#include "../shmbridge/message.h"
#include "../shmbridge/pool.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define QTEE_TRACE_CPU_SHIFT	48

DEFINE_STATIC_KEY_FALSE(qtee_trace_key);
/* The last name given on a CPU. */
static DEFINE_PER_CPU(u64, qtee_trace_name);

/* An event is switched on by its first user. Under the kernel's lock of tracepoints. */
int qtee_trace_register(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (!per_cpu(qtee_trace_name, cpu))
			per_cpu(qtee_trace_name, cpu) = (u64)cpu << QTEE_TRACE_CPU_SHIFT;
	static_branch_inc(&qtee_trace_key);
	return 0;
}

void qtee_trace_unregister(void)
{
	static_branch_dec(&qtee_trace_key);
}

/* An invocation begins, while some event is on. */
void qtee_trace_begin(struct qtee_trace_invocation *trace, u32 object, u32 op, const struct qtee_args *args)
{
	trace->name = this_cpu_inc_return(qtee_trace_name);
	trace->begin = 0;
	if (trace_qtee_invoke_end_enabled()) {
		trace->since = 0;
		trace->in = 0;
		trace->secure = 0;
		trace->callback = 0;
		trace->callbacks = 0;
		trace->begin = ktime_get_mono_fast_ns();
	}
	trace_qtee_invoke_begin(trace->name, object, op, args);
}

/* What qtee_trace_begin() began is over. */
void qtee_trace_end(struct qtee_trace_invocation *trace, u32 object, u32 op, s32 result, int error,
		    const struct qtee_args *args)
{
	if (trace_qtee_invoke_end_enabled()) {
		u64 now = trace->begin ? ktime_get_mono_fast_ns() : 0;

		/* QTEE was busy to the last. */
		if (trace->begin && trace->since)
			trace->secure += now - trace->since;
		trace_qtee_invoke_end(trace, now, object, op, result, error, args);
	}
	trace->name = 0;
	trace->begin = 0;
}

/* QTEE is about to be entered. */
void qtee_trace_enter(struct qtee_trace_invocation *trace, u32 transport, enum qtee_trace_smc kind)
{
	/* Re-entries and retries go on with what was begun. */
	if (trace->begin && !trace->since) {
		trace->since = ktime_get_mono_fast_ns();
		if (kind == QTEE_TRACE_INVOKE)
			trace->in = trace->since - trace->begin;
	}
	trace_qtee_smc_enter(trace->name, transport, kind);
}

/* QTEE was left. */
void qtee_trace_exit(struct qtee_trace_invocation *trace, u32 transport, enum qtee_trace_smc kind,
		     enum qtee_trace_answer answer, u32 type, s32 result, int error)
{
	bool done = answer == QTEE_TRACE_FINAL || answer == QTEE_TRACE_CALLBACK || answer == QTEE_TRACE_REFUSED;

	if (trace->begin && trace->since && done) {
		trace->secure += ktime_get_mono_fast_ns() - trace->since;
		trace->since = 0;
	}
	trace_qtee_smc_exit(trace->name, transport, kind, answer, type, result, error);
}

/* QTEE has called back. */
void qtee_trace_callback_begin(struct qtee_trace_invocation *trace)
{
	if (trace->begin)
		trace->since = ktime_get_mono_fast_ns();
	trace->callbacks++;
}

/* Its answer is ready. */
void qtee_trace_callback_end(struct qtee_trace_invocation *trace)
{
	if (trace->begin && trace->since)
		trace->callback += ktime_get_mono_fast_ns() - trace->since;
	trace->since = 0;
}

/**
 * qtee_trace_invocation() - the invocation that a callback came in, as trace events name it
 * @args: what the core gave to a dispatcher, which is still to answer
 *
 * Return: its name, or 0 when it began before any event was on.
 * Context: any.
 */
u64 qtee_trace_invocation(const struct qtee_args *args)
{
	return container_of(args->arg, struct qtee_message, callback_args[0])->response.trace.name;
}
EXPORT_SYMBOL_GPL(qtee_trace_invocation);

/* Those of the modules above. */
EXPORT_TRACEPOINT_SYMBOL_GPL(qtee_memory_map);
EXPORT_TRACEPOINT_SYMBOL_GPL(qtee_memory_unmap);
