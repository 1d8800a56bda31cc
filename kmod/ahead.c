// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings told ahead: an invocation that passes an object with memory says at once where that is, in the outbound
 * buffer, and QTEE need not call back for it (MAP_REGION). That saves two world switches for each such object.
 *
 * QTEE takes these messages from some version of the protocol on. It says which one it speaks in each message that it
 * sends itself; until the first has come, and where the version is older, it is left to ask.
 *
 * Locking: none. The version is one word; it does not change while QTEE runs.
 */
#include <linux/module.h>

#include "invoke.h"
#include "msg.h"
#include "object.h"
#include "stats.h"
#include "../shmbridge/message.h"
#include "../tracepoints/trace.h"

static bool mapping_ahead = true;
module_param(mapping_ahead, bool, 0644);
MODULE_PARM_DESC(mapping_ahead, "Tell QTEE where memory is before it asks, if it listens (default Y)");

static u32 qtee_ahead_version;

/* QTEE has spoken this version. Any context. */
void qtee_ahead_version_set(u32 version)
{
	if (READ_ONCE(qtee_ahead_version) != version)
		WRITE_ONCE(qtee_ahead_version, version);
}

/**
 * qtee_ahead_send() - give an input object its id, and tell where its memory is
 * @message: the invocation's buffers
 * @arg: the argument; wire and mapping are set
 *
 * An object without memory, or one that can't be told of for whatever reason, is just sent.
 *
 * Return: as qtee_table_send().
 * Context: process context, may sleep.
 */
int qtee_ahead_send(struct qtee_message *message, struct qtee_arg *arg)
{
	struct qtee_object *object = arg->object;
	struct qtee_msg_mapping wire;
	struct qtee_mapping mapping;
	int ret;

	arg->mapping = 0;
	if (qtee_object_kind(object) != QTEE_OBJECT_CB || !object->ops->map || !READ_ONCE(mapping_ahead) ||
	    READ_ONCE(qtee_ahead_version) < QTEE_ASYNC_VERSION_MAPPING || object->ops->map(object, &mapping))
		return qtee_invoke_send(message, object, &arg->wire);

	/* From here on QTEE may release the object, if it guesses the id: it is not looked at again. */
	ret = qtee_invoke_send(message, object, &arg->wire);
	if (ret || qtee_invoke_send(message, mapping.handle, &wire.handle)) {
		qtee_object_put(mapping.handle);
		return ret;
	}
	wire.object = arg->wire;
	wire.paddr = mapping.paddr;
	wire.size = mapping.size;
	wire.perms = mapping.perms;
	/* Nothing is in the outbound buffer before the message is sent but what was told here. */
	ret = qtee_msg_mapping_write(message->out.addr, message->out.size, message->out_used, &wire);
	if (ret < 0) {
		qtee_object_put(qtee_invoke_unsend(message, wire.handle));
		return 0;
	}
	message->out_used = ret;
	arg->mapping = wire.handle;
	trace_qtee_memory_tell(message->response.trace.name, wire.object, wire.paddr, wire.size, wire.perms, true);
	qtee_stat_inc(QTEE_STAT_MAPPINGS_AHEAD);
	return 0;
}
