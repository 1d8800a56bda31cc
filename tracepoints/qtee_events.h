/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace events. They are an interface: README.md beside this says what each field means, in which unit, when each
 * event is emitted and which belong together, and tests/trace compares the kernel's formats with it.
 *
 * Every record has 64 bytes or less, with the kernel's own 8. Whatever has to be computed is computed in here, or
 * behind trace_..._enabled(): while an event is off it is a NOP.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM qtee

#if !defined(_QTEE_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _QTEE_EVENTS_H

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/qtee.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "invocation.h"
#include "names.h"

#ifndef _QTEE_EVENTS_ONCE
#define _QTEE_EVENTS_ONCE

struct qtee_pool;

/**
 * enum qtee_trace_smc - why a call into QTEE is made
 * @QTEE_TRACE_INVOKE: an invocation
 * @QTEE_TRACE_RESPOND: the answer to a callback
 * @QTEE_TRACE_REENTER: goes on with what an interrupt of Linux ended
 * @QTEE_TRACE_RESUME: goes on with what QTEE put to sleep
 */
enum qtee_trace_smc {
	QTEE_TRACE_INVOKE,
	QTEE_TRACE_RESPOND,
	QTEE_TRACE_REENTER,
	QTEE_TRACE_RESUME,
};

/**
 * enum qtee_trace_answer - what a call into QTEE came back with
 * @QTEE_TRACE_FINAL: the answer to the invocation
 * @QTEE_TRACE_CALLBACK: a callback request
 * @QTEE_TRACE_INTERRUPTED: nothing yet: an interrupt of Linux; it is re-entered at once
 * @QTEE_TRACE_SLEEP: nothing yet: QTEE waits for something; it is resumed after a pause
 * @QTEE_TRACE_BUSY: QTEE did not see the message
 * @QTEE_TRACE_REFUSED: QTEE does not take the message
 */
enum qtee_trace_answer {
	QTEE_TRACE_FINAL,
	QTEE_TRACE_CALLBACK,
	QTEE_TRACE_INTERRUPTED,
	QTEE_TRACE_SLEEP,
	QTEE_TRACE_BUSY,
	QTEE_TRACE_REFUSED,
};

/**
 * enum qtee_trace_fate - how a reference between Linux and QTEE ended
 * @QTEE_TRACE_RELEASED: its holder gave it up
 * @QTEE_TRACE_UNSENT: its holder never heard of it
 * @QTEE_TRACE_FAILED: QTEE did not take the release
 * @QTEE_TRACE_DROPPED: the driver was unloaded
 */
enum qtee_trace_fate {
	QTEE_TRACE_RELEASED,
	QTEE_TRACE_UNSENT,
	QTEE_TRACE_FAILED,
	QTEE_TRACE_DROPPED,
};

/* What a record says of arguments. */
struct qtee_trace_args {
	u8 number[QTEE_ARG_KINDS];
	u32 in_bytes;
	u32 out_bytes;
};

int qtee_trace_register(void);
void qtee_trace_unregister(void);

static inline void qtee_trace_args_count(const struct qtee_args *args, struct qtee_trace_args *count)
{
	u64 bytes[2] = {};
	unsigned int i;

	memset(count, 0, sizeof(*count));
	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];

		if (count->number[arg->kind] < U8_MAX)
			count->number[arg->kind]++;
		/* What a user asks for is not checked yet. */
		if (arg->kind <= QTEE_ARG_OB)
			bytes[arg->kind] += min_t(u64, arg->buffer.size, U32_MAX);
	}
	count->in_bytes = min_t(u64, bytes[QTEE_ARG_IB], U32_MAX);
	count->out_bytes = min_t(u64, bytes[QTEE_ARG_OB], U32_MAX);
}

#endif /* _QTEE_EVENTS_ONCE */

/* An event of an invocation; some of them being on is what gives invocations names. */
#define QTEE_EVENT(class, name, proto, args) \
	DEFINE_EVENT_FN(class, name, PARAMS(proto), PARAMS(args), qtee_trace_register, qtee_trace_unregister)

DECLARE_EVENT_CLASS(qtee_call,
	TP_PROTO(u64 invocation, u32 object, u32 op, const struct qtee_args *args),
	TP_ARGS(invocation, object, op, args),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u32, object)
		__field(u32, in_bytes)
		__field(u32, out_bytes)
		__field(u16, op)
		__field(u8, ib)
		__field(u8, ob)
		__field(u8, io)
		__field(u8, oo)
	),

	TP_fast_assign(
		struct qtee_trace_args count;

		qtee_trace_args_count(args, &count);
		__entry->invocation = invocation;
		__entry->object = object;
		__entry->in_bytes = count.in_bytes;
		__entry->out_bytes = count.out_bytes;
		__entry->op = op;
		__entry->ib = count.number[QTEE_ARG_IB];
		__entry->ob = count.number[QTEE_ARG_OB];
		__entry->io = count.number[QTEE_ARG_IO];
		__entry->oo = count.number[QTEE_ARG_OO];
	),

	TP_printk("invocation=0x%llx object=0x%x op=%s ib=%u ob=%u io=%u oo=%u in_bytes=%u out_bytes=%u",
		  __entry->invocation, __entry->object, show_qtee_op(__entry->object, __entry->op), __entry->ib,
		  __entry->ob, __entry->io, __entry->oo, __entry->in_bytes, __entry->out_bytes)
);

QTEE_EVENT(qtee_call, qtee_invoke_begin,
	TP_PROTO(u64 invocation, u32 object, u32 op, const struct qtee_args *args),
	TP_ARGS(invocation, object, op, args));

QTEE_EVENT(qtee_call, qtee_callback_request,
	TP_PROTO(u64 invocation, u32 object, u32 op, const struct qtee_args *args),
	TP_ARGS(invocation, object, op, args));

TRACE_EVENT_FN(qtee_invoke_end,
	TP_PROTO(const struct qtee_trace_invocation *trace, u64 now, u32 object, u32 op, s32 result, int error,
		 const struct qtee_args *args),
	TP_ARGS(trace, now, object, op, result, error, args),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u64, total_ns)
		__field(u64, secure_ns)
		__field(u64, callback_ns)
		__field(u32, in_ns)
		__field(u32, object)
		__field(s32, result)
		__field(s32, error)
		__field(u32, out_bytes)
		__field(u16, op)
		__field(u8, callbacks)
	),

	TP_fast_assign(
		struct qtee_trace_args count = {};

		if (!result && !error)
			qtee_trace_args_count(args, &count);
		__entry->invocation = trace->name;
		__entry->total_ns = trace->begin ? now - trace->begin : 0;
		__entry->secure_ns = trace->begin ? trace->secure : 0;
		__entry->callback_ns = trace->begin ? trace->callback : 0;
		__entry->in_ns = trace->begin ? min_t(u64, trace->in, U32_MAX) : 0;
		__entry->object = object;
		__entry->result = result;
		__entry->error = error;
		__entry->out_bytes = count.out_bytes;
		__entry->op = op;
		__entry->callbacks = trace->begin ? min_t(u32, trace->callbacks, U8_MAX) : 0;
	),

	TP_printk("invocation=0x%llx object=0x%x op=%s result=%d(%s) error=%d(%s) out_bytes=%u total_ns=%llu in_ns=%u secure_ns=%llu callback_ns=%llu callbacks=%u",
		  __entry->invocation, __entry->object, show_qtee_op(__entry->object, __entry->op), __entry->result,
		  show_qtee_result(__entry->result), __entry->error, show_qtee_error(__entry->error),
		  __entry->out_bytes, __entry->total_ns, __entry->in_ns, __entry->secure_ns, __entry->callback_ns,
		  __entry->callbacks),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT_FN(qtee_callback_end,
	TP_PROTO(u64 invocation, u32 object, u32 op, s32 result, int error, const struct qtee_args *args),
	TP_ARGS(invocation, object, op, result, error, args),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u32, object)
		__field(s32, result)
		__field(s32, error)
		__field(u32, out_bytes)
		__field(u16, op)
	),

	TP_fast_assign(
		struct qtee_trace_args count = {};

		if (!result && !error)
			qtee_trace_args_count(args, &count);
		__entry->invocation = invocation;
		__entry->object = object;
		__entry->result = result;
		__entry->error = error;
		__entry->out_bytes = count.out_bytes;
		__entry->op = op;
	),

	TP_printk("invocation=0x%llx object=0x%x op=%s result=%d(%s) error=%d(%s) out_bytes=%u",
		  __entry->invocation, __entry->object, show_qtee_op(__entry->object, __entry->op), __entry->result,
		  show_qtee_result(__entry->result), __entry->error, show_qtee_error(__entry->error),
		  __entry->out_bytes),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT_FN(qtee_smc_enter,
	TP_PROTO(u64 invocation, u32 transport, enum qtee_trace_smc kind),
	TP_ARGS(invocation, transport, kind),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u8, transport)
		__field(u8, kind)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->transport = transport;
		__entry->kind = kind;
	),

	TP_printk("invocation=0x%llx transport=%s kind=%s", __entry->invocation,
		  show_qtee_transport(__entry->transport), show_qtee_smc(__entry->kind)),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT_FN(qtee_smc_exit,
	TP_PROTO(u64 invocation, u32 transport, enum qtee_trace_smc kind, enum qtee_trace_answer answer, u32 type,
		 s32 result, int error),
	TP_ARGS(invocation, transport, kind, answer, type, result, error),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u32, type)
		__field(s32, result)
		__field(s32, error)
		__field(u8, transport)
		__field(u8, kind)
		__field(u8, answer)
	),

	TP_fast_assign(
		bool answered = answer == QTEE_TRACE_FINAL || answer == QTEE_TRACE_CALLBACK;

		__entry->invocation = invocation;
		__entry->type = answered ? type : 0;
		__entry->result = answer == QTEE_TRACE_FINAL ? result : 0;
		__entry->error = error;
		__entry->transport = transport;
		__entry->kind = kind;
		__entry->answer = answer;
	),

	TP_printk("invocation=0x%llx transport=%s kind=%s answer=%s type=%u result=%d(%s) error=%d(%s)",
		  __entry->invocation, show_qtee_transport(__entry->transport), show_qtee_smc(__entry->kind),
		  show_qtee_answer(__entry->answer), __entry->type, __entry->result,
		  show_qtee_result(__entry->result), __entry->error, show_qtee_error(__entry->error)),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT_FN(qtee_callback_dispatch,
	TP_PROTO(u64 invocation, u32 object, u32 op, const char *name),
	TP_ARGS(invocation, object, op, name),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u32, object)
		__field(u16, op)
		__array(char, name, 16)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->object = object;
		__entry->op = op;
		strscpy_pad(__entry->name, name, sizeof(__entry->name));
	),

	TP_printk("invocation=0x%llx object=0x%x op=%s name=%s", __entry->invocation, __entry->object,
		  show_qtee_op(__entry->object, __entry->op), __entry->name),

	qtee_trace_register, qtee_trace_unregister
);

DECLARE_EVENT_CLASS(qtee_request,
	TP_PROTO(u64 invocation, u64 object, u32 request, u32 op),
	TP_ARGS(invocation, object, request, op),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u64, object)
		__field(u32, request)
		__field(u16, op)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->object = object;
		__entry->request = request;
		__entry->op = op;
	),

	TP_printk("invocation=0x%llx request=%u object=0x%llx op=%s", __entry->invocation, __entry->request,
		  __entry->object, show_qtee_own_op(__entry->op))
);

QTEE_EVENT(qtee_request, qtee_callback_queue,
	TP_PROTO(u64 invocation, u64 object, u32 request, u32 op),
	TP_ARGS(invocation, object, request, op));

QTEE_EVENT(qtee_request, qtee_callback_receive,
	TP_PROTO(u64 invocation, u64 object, u32 request, u32 op),
	TP_ARGS(invocation, object, request, op));

TRACE_EVENT_FN(qtee_callback_reply,
	TP_PROTO(u64 invocation, u64 object, u32 request, u32 op, s32 result),
	TP_ARGS(invocation, object, request, op, result),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u64, object)
		__field(u32, request)
		__field(s32, result)
		__field(u16, op)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->object = object;
		__entry->request = request;
		__entry->result = result;
		__entry->op = op;
	),

	TP_printk("invocation=0x%llx request=%u object=0x%llx op=%s result=%d(%s)", __entry->invocation,
		  __entry->request, __entry->object, show_qtee_own_op(__entry->op), __entry->result,
		  show_qtee_result(__entry->result)),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT_FN(qtee_async,
	TP_PROTO(u64 invocation, u32 version, u32 op, u32 count, int error),
	TP_ARGS(invocation, version, op, count, error),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u32, version)
		__field(u32, count)
		__field(s32, error)
		__field(u16, op)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->version = version;
		__entry->count = count;
		__entry->error = error;
		__entry->op = op;
	),

	TP_printk("invocation=0x%llx version=0x%x op=%s count=%u error=%d(%s)", __entry->invocation,
		  __entry->version, show_qtee_own_op(__entry->op), __entry->count, __entry->error,
		  show_qtee_error(__entry->error)),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT_FN(qtee_object_create,
	TP_PROTO(u64 invocation, u32 object),
	TP_ARGS(invocation, object),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u32, object)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->object = object;
	),

	TP_printk("invocation=0x%llx object=0x%x", __entry->invocation, __entry->object),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT_FN(qtee_object_release,
	TP_PROTO(u64 invocation, u32 object, enum qtee_trace_fate fate),
	TP_ARGS(invocation, object, fate),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u32, object)
		__field(u8, fate)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->object = object;
		__entry->fate = fate;
	),

	TP_printk("invocation=0x%llx object=0x%x fate=%s", __entry->invocation, __entry->object,
		  show_qtee_fate(__entry->fate)),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT(qtee_release_queue,
	TP_PROTO(u32 object, u32 pending),
	TP_ARGS(object, pending),

	TP_STRUCT__entry(
		__field(u32, object)
		__field(u32, pending)
	),

	TP_fast_assign(
		__entry->object = object;
		__entry->pending = pending;
	),

	TP_printk("object=0x%x pending=%u", __entry->object, __entry->pending)
);

TRACE_EVENT_FN(qtee_memory_tell,
	TP_PROTO(u64 invocation, u32 object, u64 paddr, u64 size, u32 perms, bool ahead),
	TP_ARGS(invocation, object, paddr, size, perms, ahead),

	TP_STRUCT__entry(
		__field(u64, invocation)
		__field(u64, paddr)
		__field(u64, size)
		__field(u32, object)
		__field(u8, perms)
		__field(u8, ahead)
	),

	TP_fast_assign(
		__entry->invocation = invocation;
		__entry->paddr = paddr;
		__entry->size = size;
		__entry->object = object;
		__entry->perms = perms;
		__entry->ahead = ahead;
	),

	TP_printk("invocation=0x%llx object=0x%x paddr=0x%llx size=%llu perms=%s ahead=%u", __entry->invocation,
		  __entry->object, __entry->paddr, __entry->size, show_qtee_perms(__entry->perms), __entry->ahead),

	qtee_trace_register, qtee_trace_unregister
);

TRACE_EVENT(qtee_memory_map,
	TP_PROTO(u64 paddr, u64 size, u32 perms, int error, const char *exporter),
	TP_ARGS(paddr, size, perms, error, exporter),

	TP_STRUCT__entry(
		__field(u64, paddr)
		__field(u64, size)
		__field(s32, error)
		__field(u8, perms)
		__array(char, exporter, 16)
	),

	TP_fast_assign(
		__entry->paddr = paddr;
		__entry->size = size;
		__entry->error = error;
		__entry->perms = perms;
		strscpy_pad(__entry->exporter, exporter, sizeof(__entry->exporter));
	),

	TP_printk("paddr=0x%llx size=%llu perms=%s exporter=%s error=%d(%s)", __entry->paddr, __entry->size,
		  show_qtee_perms(__entry->perms), __entry->exporter, __entry->error,
		  show_qtee_error(__entry->error))
);

TRACE_EVENT(qtee_memory_unmap,
	TP_PROTO(u64 paddr, u64 size),
	TP_ARGS(paddr, size),

	TP_STRUCT__entry(
		__field(u64, paddr)
		__field(u64, size)
	),

	TP_fast_assign(
		__entry->paddr = paddr;
		__entry->size = size;
	),

	TP_printk("paddr=0x%llx size=%llu", __entry->paddr, __entry->size)
);

TRACE_EVENT(qtee_bridge_create,
	TP_PROTO(u64 handle, u64 paddr, u64 size, u32 perms, int error),
	TP_ARGS(handle, paddr, size, perms, error),

	TP_STRUCT__entry(
		__field(u64, handle)
		__field(u64, paddr)
		__field(u64, size)
		__field(s32, error)
		__field(u8, perms)
	),

	TP_fast_assign(
		__entry->handle = handle;
		__entry->paddr = paddr;
		__entry->size = size;
		__entry->error = error;
		__entry->perms = perms;
	),

	TP_printk("handle=0x%llx paddr=0x%llx size=%llu perms=%s error=%d(%s)", __entry->handle, __entry->paddr,
		  __entry->size, show_qtee_perms(__entry->perms), __entry->error, show_qtee_error(__entry->error))
);

TRACE_EVENT(qtee_bridge_delete,
	TP_PROTO(u64 handle, int error),
	TP_ARGS(handle, error),

	TP_STRUCT__entry(
		__field(u64, handle)
		__field(s32, error)
	),

	TP_fast_assign(
		__entry->handle = handle;
		__entry->error = error;
	),

	TP_printk("handle=0x%llx error=%d(%s)", __entry->handle, __entry->error, show_qtee_error(__entry->error))
);

DECLARE_EVENT_CLASS(qtee_pool,
	TP_PROTO(const struct qtee_pool *pool, int error),
	TP_ARGS(pool, error),

	TP_STRUCT__entry(
		__array(char, pool, 12)
		__field(u32, size)
		__field(u32, count)
		__field(u32, limit)
		__field(s32, error)
	),

	TP_fast_assign(
		strscpy_pad(__entry->pool, pool->name, sizeof(__entry->pool));
		__entry->size = READ_ONCE(pool->size);
		__entry->count = READ_ONCE(pool->count);
		__entry->limit = READ_ONCE(pool->limit);
		__entry->error = error;
	),

	TP_printk("pool=%s size=%u count=%u limit=%u error=%d(%s)", __entry->pool, __entry->size, __entry->count,
		  __entry->limit, __entry->error, show_qtee_error(__entry->error))
);

DEFINE_EVENT(qtee_pool, qtee_pool_miss,
	TP_PROTO(const struct qtee_pool *pool, int error),
	TP_ARGS(pool, error));

DEFINE_EVENT(qtee_pool, qtee_pool_served,
	TP_PROTO(const struct qtee_pool *pool, int error),
	TP_ARGS(pool, error));

DEFINE_EVENT(qtee_pool, qtee_pool_grow,
	TP_PROTO(const struct qtee_pool *pool, int error),
	TP_ARGS(pool, error));

DEFINE_EVENT(qtee_pool, qtee_pool_shrink,
	TP_PROTO(const struct qtee_pool *pool, int error),
	TP_ARGS(pool, error));

#endif /* _QTEE_EVENTS_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH ../tracepoints
#define TRACE_INCLUDE_FILE qtee_events
#include <trace/define_trace.h>
