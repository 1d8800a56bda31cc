// SPDX-License-Identifier: GPL-2.0-only
/* Asynchronous messages: what QTEE tells beside its answers. The one that is known lets callback objects go. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "invoke.h"
#include "msg.h"
#include "object.h"
#include "stats.h"
#include "../shmbridge/message.h"
#include "../tracepoints/trace.h"

/* Tells of a message, or, with none, of one that is malformed. */
static noinline void qtee_async_trace(const struct qtee_message *message, const struct qtee_msg_async *async)
{
	u64 invocation = message->response.trace.name;

	if (async)
		trace_qtee_async(invocation, async->version, async->op, async->count,
				 async->op == QTEE_OP_RELEASE ? 0 : -EOPNOTSUPP);
	else
		trace_qtee_async(invocation, 0, 0, 0, -EBADMSG);
}

static noinline void qtee_async_release(struct qtee_message *message, const struct qtee_msg_async *async)
{
	const void *buf = message->out.addr;
	u32 i;

	for (i = 0; i < async->count; i++) {
		u32 id = qtee_msg_word(buf, async->ids + 4 * i);

		if (qtee_table_release(id)) {
			qtee_stat_inc(QTEE_STAT_UNKNOWN_IDS);
			pr_warn_ratelimited("QTEE releases 0x%x, which it does not hold\n", id);
			continue;
		}
		qtee_stat_inc(QTEE_STAT_ASYNC_RELEASES);
		trace_qtee_object_release(message->response.trace.name, id, QTEE_TRACE_RELEASED);
	}
}

/**
 * qtee_async_take() - take all asynchronous messages from an offset of the outbound buffer on, and clear them
 * @message: the invocation's buffers
 * @at: where they start
 *
 * The first thing that is not a message ends them.
 *
 * Context: process context, may sleep: a callback object may end here.
 */
void qtee_async_take(struct qtee_message *message, u32 at)
{
	void *buf = message->out.addr;
	u32 start = at, end = at;
	int ret;

	for (;;) {
		struct qtee_msg_async async;

		ret = qtee_msg_async_read(buf, message->out.size, at, &async);
		if (ret <= 0)
			break;
		if (trace_qtee_async_enabled())
			qtee_async_trace(message, &async);
		if (async.op == QTEE_OP_RELEASE) {
			qtee_ahead_version_set(async.version);
			qtee_async_release(message, &async);
		} else {
			qtee_stat_inc(QTEE_STAT_MALFORMED);
			pr_warn_ratelimited("asynchronous message %u of QTEE is not known\n", async.op);
		}
		end = async.ids + 4 * async.count;
		at = async.next;
	}

	if (ret < 0) {
		qtee_stat_inc(QTEE_STAT_MALFORMED);
		if (trace_qtee_async_enabled())
			qtee_async_trace(message, NULL);
		pr_warn_ratelimited("malformed asynchronous message of QTEE at %u\n", at);
		/* There is no telling how far it goes. */
		end = message->out.size;
	}
	memset(buf + start, 0, end - start);
}
