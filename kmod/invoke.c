// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invocation: a message to QTEE, the callbacks that it makes meanwhile, and its answer.
 *
 * Who owns what. Callback objects that are passed belong to QTEE from the moment their ids are in the table. If QTEE
 * never saw the message they are taken back and dropped, so that in either case the caller has given them up. TEE
 * objects that are passed stay the caller's: QTEE takes a reference of its own. Objects that come out are the caller's,
 * or are released when the answer can't be used.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>
#include <linux/wordpart.h>

#include "callback.h"
#include "compat.h"
#include "invoke.h"
#include "msg.h"
#include "object.h"
#include "stats.h"
#include "transport.h"
#include "../shmbridge/message.h"
#include "../tracepoints/trace.h"

/* An answer to a callback has to reach QTEE: as long as it is busy it is sent again, for some 20 s. */
#define QTEE_RESPOND_TRIES	30

/**
 * qtee_context_init() - begin an invocation
 * @context: the invocation's
 *
 * Return: 0; -EAGAIN when as many invocations as there may be are under way; -ENOMEM.
 * Context: process context, may sleep.
 */
int qtee_context_init(struct qtee_context *context)
{
	context->seen = false;
	context->message = qtee_message_get();
	if (IS_ERR(context->message)) {
		int ret = PTR_ERR(context->message);

		context->message = NULL;
		return ret;
	}
	context->args = context->message->args;
	return 0;
}
EXPORT_SYMBOL_GPL(qtee_context_init);

/**
 * qtee_context_fini() - end an invocation
 * @context: begun by qtee_context_init()
 *
 * Context: process context, may sleep.
 */
void qtee_context_fini(struct qtee_context *context)
{
	if (likely(context->message)) {
		if (qtee_message_borrowed(context->message))
			context->message->big.addr = NULL;
		qtee_message_put(context->message);
	}
	context->message = NULL;
}
EXPORT_SYMBOL_GPL(qtee_context_fini);

/**
 * qtee_context_use() - have invocations run in an inbound buffer of the caller's own
 * @context: begun by qtee_context_init(), nothing invoked yet
 * @buffer: stays until qtee_context_fini(); for good when qtee_context_lost() says so before
 *
 * The first page is for the message itself: it has to be zero, is left so, and nobody else may see it. The rest is
 * the caller's: buffers with QTEE_ARG_PLACED lie there, and it is not cleared. Others are copied to the first page.
 */
void qtee_context_use(struct qtee_context *context, const struct qtee_buffer *buffer)
{
	context->message->big = *buffer;
}
EXPORT_SYMBOL_GPL(qtee_context_use);

/**
 * qtee_context_lost() - whether QTEE has the message buffers for good
 * @context: begun by qtee_context_init()
 *
 * Return: true when an invocation is open in QTEE that will never end: it may write to the buffers at any time.
 */
bool qtee_context_lost(const struct qtee_context *context)
{
	return context->message->lost;
}
EXPORT_SYMBOL_GPL(qtee_context_lost);

/**
 * qtee_context_id() - id of an invocation
 * @context: begun by qtee_context_init()
 *
 * Return: from QTEE_CONTEXT_FIRST up; no other invocation in progress has it.
 */
u32 qtee_context_id(const struct qtee_context *context)
{
	return context->message->context_id;
}
EXPORT_SYMBOL_GPL(qtee_context_id);

/* The object that an id of QTEE means, with a reference. Returns as qtee_invoke_object_take(). */
static int qtee_invoke_object(u32 id, struct qtee_object **object)
{
	*object = NULL;
	if (id == QTEE_ID_NULL)
		return 0;
	if (id == QTEE_ID_ROOT) {
		qtee_stat_inc(QTEE_STAT_MALFORMED);
		return -EBADMSG;
	}
	if (!(id & QTEE_ID_CB)) {
		*object = qtee_object_tee_new(id);
		return 0;
	}

	*object = qtee_table_get(id);
	if (*object)
		return 0;
	qtee_stat_inc(QTEE_STAT_UNKNOWN_IDS);
	return -ENOENT;
}

/* Tells of a TEE object that QTEE has given. */
static noinline void qtee_invoke_object_trace(const struct qtee_message *message, const struct qtee_arg *arg)
{
	if (qtee_object_kind(arg->object) == QTEE_OBJECT_TEE)
		trace_qtee_object_create(message->response.trace.name, arg->wire);
}

/*
 * Takes the object of an argument that QTEE has written, with a reference, and tells of it in the trace. Returns 0;
 * -ENOENT for a callback object that QTEE does not hold; -EBADMSG for the root object, which QTEE never gives. May
 * sleep.
 */
int qtee_invoke_object_take(const struct qtee_message *message, struct qtee_arg *arg)
{
	int ret = qtee_invoke_object(arg->wire, &arg->object);

	if (trace_qtee_object_create_enabled())
		qtee_invoke_object_trace(message, arg);
	return ret;
}

/* As qtee_table_send(), told of in the trace. */
int qtee_invoke_send(const struct qtee_message *message, struct qtee_object *object, u32 *id)
{
	int ret = qtee_table_send(object, id);

	if (trace_qtee_object_create_enabled() && !ret && *id & QTEE_ID_CB)
		trace_qtee_object_create(message->response.trace.name, *id);
	return ret;
}

/*
 * Takes an id back, of which QTEE was not told. If it guessed and released it, the reference is gone, and maybe the
 * object: the id tells what it was. Returns the object with the id's reference, or NULL. May sleep.
 */
struct qtee_object *qtee_invoke_unsend(struct qtee_message *message, u32 id)
{
	struct qtee_object *object = qtee_table_remove(id);

	if (object)
		trace_qtee_object_release(message->response.trace.name, id, QTEE_TRACE_UNSENT);
	return object;
}

/* Gives the callback objects among the arguments up, of which those that were sent have ids. */
static void qtee_invoke_objects_drop(struct qtee_message *message, struct qtee_args *args)
{
	const unsigned int sent = args->sent;
	unsigned int i;

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind != QTEE_ARG_IO)
			continue;
		if (i < sent ? !(arg->wire & QTEE_ID_CB) : qtee_object_kind(arg->object) != QTEE_OBJECT_CB)
			continue;
		qtee_object_put(i < sent ? qtee_invoke_unsend(message, arg->wire) : arg->object);
		if (i < sent && arg->mapping)
			qtee_object_put(qtee_invoke_unsend(message, arg->mapping));
		arg->object = NULL;
	}
}

/* Copies an input buffer to its place. Returns 0, -EFAULT. */
static __always_inline int qtee_invoke_input_send(void *to, const struct qtee_arg *arg, unsigned int flags)
{
	if (likely(flags == QTEE_ARG_USER))
		return likely(!_inline_copy_from_user(to, arg->buffer.uaddr, arg->buffer.size)) ? 0 : -EFAULT;
	if (!flags)
		memcpy(to, arg->buffer.addr, arg->buffer.size);
	return 0;
}

/* Gives an input object its id. Returns 0 or an errno. */
static noinline int qtee_invoke_object_send(struct qtee_message *message, void *buf, struct qtee_arg *arg)
{
	int ret = qtee_ahead_send(message, arg);

	if (!ret)
		qtee_msg_arg_object(buf, arg);
	return ret;
}

/*
 * Puts the arguments in their places. Returns 0 or an errno.
 *
 * Hardened usercopy is passed by: it looks the pages up, which costs more than to copy 512 bytes, and what it finds out
 * is that they are pages. That the buffer ends where it does, the message was measured for.
 */
static int qtee_invoke_args_send(struct qtee_message *message, void *buf, struct qtee_args *args)
{
	struct qtee_msg_places places = message->places;
	const unsigned int count = args->count;
	struct qtee_arg *arg = args->arg;
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++, arg++) {
		const unsigned int kind = arg->kind, flags = arg->flags;
		const u32 at = qtee_msg_arg_place(buf, &places, arg);

		if (kind == QTEE_ARG_IB)
			ret = qtee_invoke_input_send(buf + at, arg, flags);
		else if (kind == QTEE_ARG_IO)
			ret = qtee_invoke_object_send(message, buf, arg);
		else
			continue;
		if (unlikely(ret)) {
			args->sent = i;
			return ret;
		}
	}
	args->sent = count;
	return 0;
}

/* Takes an object of an answer. Returns 0 or -ENODEV. */
static noinline int qtee_invoke_output_take(const struct qtee_message *message, struct qtee_arg *arg)
{
	if (!qtee_invoke_object_take(message, arg))
		return 0;
	pr_warn_ratelimited("QTEE gives object 0x%x, which it does not have\n", arg->wire);
	return -ENODEV;
}

/* An answer that can't be used: releases those objects that came with it. Returns the error. */
static noinline int qtee_invoke_args_refuse(struct qtee_args *args, int error)
{
	unsigned int i;

	for (i = 0; i < args->count; i++) {
		if (args->arg[i].kind != QTEE_ARG_OO)
			continue;
		qtee_object_put(args->arg[i].object);
		args->arg[i].object = NULL;
	}
	return error;
}

static noinline int qtee_invoke_malformed(void)
{
	qtee_stat_inc(QTEE_STAT_MALFORMED);
	pr_warn_ratelimited("malformed answer of QTEE\n");
	return -ENODEV;
}

/* Takes the outputs of an answer. On failure those objects that came are released. Returns 0, -ENODEV, -EFAULT. */
static int qtee_invoke_args_take(struct qtee_message *message, const void *buf, struct qtee_args *args)
{
	const unsigned int count = args->count;
	struct qtee_arg *arg = args->arg;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < count; i++, arg++) {
		int err = 0;

		if (arg->kind != QTEE_ARG_OB && arg->kind != QTEE_ARG_OO)
			continue;
		if (unlikely(qtee_msg_arg_answer(buf, arg))) {
			err = qtee_invoke_malformed();
		} else if (arg->kind == QTEE_ARG_OB) {
			if (likely(arg->flags == QTEE_ARG_USER)) {
				if (unlikely(_inline_copy_to_user(arg->buffer.uaddr, buf + arg->wire,
								  arg->buffer.size)))
					err = -EFAULT;
			} else if (!arg->flags) {
				memcpy(arg->buffer.addr, buf + arg->wire, arg->buffer.size);
			}
		} else if (arg->kind == QTEE_ARG_OO) {
			/* Each id is a reference to be taken, whatever the others are. */
			err = qtee_invoke_output_take(message, arg);
		}
		if (unlikely(err && (!ret || ret == -EFAULT)))
			ret = err;
	}
	return likely(!ret) ? 0 : qtee_invoke_args_refuse(args, ret);
}

/* Sends the answer to a callback. Returns 0 with QTEE's next message; else QTEE waits for an answer for ever. */
static int qtee_invoke_respond(struct qtee_message *message)
{
	unsigned int tries;
	int ret;

	for (tries = 0; tries < QTEE_RESPOND_TRIES; tries++) {
		ret = qtee_transport->respond(message->out.paddr, message->out.size, &message->response);
		if (ret != -EAGAIN)
			break;
	}
	return ret;
}

/* QTEE asks for a callback: serves it, and those that follow, until the final answer. Returns 0, -ENODEV. */
static noinline int qtee_invoke_serve(struct qtee_message *message)
{
	struct qtee_callback callback;
	int ret;

	do {
		qtee_callback_serve(message, &callback);
		ret = qtee_invoke_respond(message);
		qtee_callback_end(message, &callback, ret);
		if (ret) {
			/* The invocation is still open in QTEE, and its buffers are QTEE's. */
			pr_err_ratelimited("QTEE does not take the answer to a callback: %d\n", ret);
			message->lost = true;
			return -ENODEV;
		}
	} while (message->response.type == QTEE_RESPONSE_CALLBACK);
	return 0;
}

/* QTEE did not take a message. Returns what the caller is told. */
static noinline int qtee_invoke_unsent(int error)
{
	qtee_stat_inc(QTEE_STAT_UNSENT);
	if (error == -EAGAIN || error == -ENOMEM)
		return -EAGAIN;
	pr_warn_ratelimited("QTEE refuses a message: %d\n", error);
	return -EIO;
}

/* Sends the message and serves callbacks until the final answer. Returns 0; -EAGAIN, -EIO (unseen); -ENODEV (seen). */
static __always_inline int qtee_invoke_loop(struct qtee_context *context, struct qtee_message *message,
					    const struct qtee_buffer *in, u32 size, s32 *result)
{
	int ret;

	ret = qtee_transport->invoke(in->paddr, PAGE_ALIGN(size), message->out.paddr, message->out.size,
				     &message->response);
	if (unlikely(ret))
		return qtee_invoke_unsent(ret);
	context->seen = true;
	if (unlikely(message->sent))
		qtee_message_count(message);
	message->sent = size;

	if (unlikely(message->response.type == QTEE_RESPONSE_CALLBACK)) {
		ret = qtee_invoke_serve(message);
		if (ret)
			return ret;
	}
	*result = (s32)message->response.result;
	return 0;
}

/*
 * Has room for a message of which @own bytes are not placed already, in a buffer other than the pair's own. Returns all
 * its bytes or an errno.
 */
static noinline int qtee_invoke_reserve(struct qtee_message *message, const struct qtee_args *args, u32 own)
{
	int ret;

	if (!qtee_message_borrowed(message)) {
		if (args->placed)
			return -EINVAL;
		ret = qtee_message_reserve(message, own);
		return ret ?: own;
	}
	if (!args->placed)
		return own;
	return qtee_msg_placed_end(args, PAGE_SIZE, qtee_message_in(message)->size);
}

/* The message was not sent. Where there are no objects args->sent is not looked at. */
static noinline int qtee_invoke_undo(struct qtee_message *message, struct qtee_args *args, int error)
{
	qtee_invoke_objects_drop(message, args);
	qtee_message_clear(message);
	return error;
}

/**
 * enum qtee_invoke_shape - what the arguments of an invocation are like
 * @QTEE_INVOKE_NONE: there are none
 * @QTEE_INVOKE_PLAIN: they can be put in their places in one walk: see struct qtee_args; the pair's buffer has room
 * @QTEE_INVOKE_PLACED: all are placed, in the order of the wire
 * @QTEE_INVOKE_ANY: any
 *
 * Each has a function, of which all but the last are small, and touch what they need and nothing else.
 */
enum qtee_invoke_shape {
	QTEE_INVOKE_NONE,
	QTEE_INVOKE_PLAIN,
	QTEE_INVOKE_PLACED,
	QTEE_INVOKE_ANY,
};

static __always_inline enum qtee_invoke_shape qtee_invoke_shape(const struct qtee_message *message,
								const struct qtee_args *args)
{
	const unsigned int count = args->count, outputs = count - args->inputs;

	if (unlikely(message->lost))
		return QTEE_INVOKE_ANY;
	if (unlikely(message->big.addr))
		return !message->big_owner && count && args->in_place && args->inputs <= QTEE_ARGS_PER_KIND &&
		       outputs <= QTEE_ARGS_PER_KIND ? QTEE_INVOKE_PLACED : QTEE_INVOKE_ANY;
	if (!count)
		return QTEE_INVOKE_NONE;
	if (args->plain && args->inputs <= QTEE_ARGS_PER_KIND && outputs <= QTEE_ARGS_PER_KIND &&
	    qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, count) + args->bytes <= message->in.size)
		return QTEE_INVOKE_PLAIN;
	return QTEE_INVOKE_ANY;
}

/* Writes a message without arguments. Returns its bytes. */
static __always_inline int qtee_invoke_none_send(struct qtee_message *message, u32 id, u32 op, struct qtee_args *args)
{
	const u32 own = qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, 0);

	message->in_used = own;
	if (unlikely(message->left))
		qtee_message_take_over(message, own, args->retain);
	qtee_msg_invoke_write(message->in.addr, id, op, 0);
	return own;
}

/* Where the argument words begin. */
static __always_inline u64 *qtee_invoke_words(void *buf)
{
	return buf + QTEE_MSG_INVOKE_HEADER;
}

/* The words of a buffer: offset and size. */
static __always_inline u64 qtee_invoke_word(u32 at, u32 size)
{
	return at | (u64)size << 32;
}

/* Writes a message whose arguments are plain. Returns its bytes or -EFAULT. */
static __always_inline int qtee_invoke_plain_send(struct qtee_message *message, u32 id, u32 op, struct qtee_args *args)
{
	const unsigned int count = args->count, inputs = args->inputs;
	const u32 payload = qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, count);
	const u32 own = payload + args->bytes;
	struct qtee_arg *arg = args->arg, *const outputs = arg + inputs, *const end = arg + count;
	void *const buf = message->in.addr;
	u64 *word = qtee_invoke_words(buf);
	u32 at = payload;

	message->in_used = own;
	if (unlikely(message->left))
		qtee_message_take_over(message, own, args->retain);
	qtee_msg_invoke_write(buf, id, op, inputs | (count - inputs) << 4);
	/* The last argument ends in front of it. */
	qtee_msg_word_set(buf, payload - sizeof(u32), 0);
	for (; arg < outputs; arg++) {
		const u32 size = arg->buffer.size;

		put_unaligned(qtee_invoke_word(at, size), word++);
		qtee_msg_buffer_pad(buf, at, size);
		if (unlikely(_inline_copy_from_user(buf + at, arg->buffer.uaddr, size)))
			return -EFAULT;
		at += ALIGN(size, QTEE_MSG_ALIGN);
	}
	for (; arg < end; arg++) {
		const u32 size = arg->buffer.size;

		arg->wire = at;
		put_unaligned(qtee_invoke_word(at, size), word++);
		qtee_msg_buffer_pad(buf, at, size);
		at += ALIGN(size, QTEE_MSG_ALIGN);
	}
	return own;
}

/* Writes a message whose arguments are all placed. Returns how many bytes QTEE is to look at, or -EINVAL. */
static __always_inline int qtee_invoke_placed_send(struct qtee_message *message, u32 id, u32 op, struct qtee_args *args)
{
	const unsigned int count = args->count, inputs = args->inputs;
	const u32 room = message->big.size;
	struct qtee_arg *arg = args->arg, *const end = arg + count;
	void *const buf = message->big.addr;
	u64 *word = qtee_invoke_words(buf);
	u32 at = PAGE_SIZE;

	message->in_used = qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, count);
	qtee_msg_invoke_write(buf, id, op, inputs | (count - inputs) << 4);
	for (; arg < end; arg++) {
		const u32 wire = arg->wire;

		/* Behind the one before, which is most of what has to be checked; others are checked elsewhere. */
		if (unlikely(arg->flags != QTEE_ARG_PLACED || wire < at || wire > room || wire % QTEE_MSG_ALIGN ||
			     arg->buffer.size > room - wire))
			return -EINVAL;
		put_unaligned(qtee_invoke_word(wire, arg->buffer.size), word++);
		at = wire + arg->buffer.size;
	}
	return at;
}

/* Writes a message with any arguments. Returns how many bytes QTEE is to look at, or an errno. */
static noinline int qtee_invoke_any_send(struct qtee_message *message, u32 id, u32 op, struct qtee_args *args)
{
	const u32 limit = qtee_message_borrowed(message) ? PAGE_SIZE : QTEE_MSG_MAX;
	struct qtee_buffer *in = qtee_message_in(message);
	int own, size, ret;

	/* What is not placed in a buffer that was brought along goes to its first page. */
	own = qtee_msg_measure(args, limit, &message->counts, &message->places);
	if (unlikely(own < 0))
		return own;
	size = own;
	if (in != &message->in || args->placed || own > in->size) {
		size = qtee_invoke_reserve(message, args, own);
		if (size < 0)
			return size;
		in = qtee_message_in(message);
	}

	message->in_used = own;
	if (message->left && in == &message->in) {
		qtee_message_take_over(message, own, args->retain);
		/* Of objects not every word is written. */
		qtee_message_wipe(in->addr, qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, args->count));
	}
	qtee_msg_invoke_write(in->addr, id, op, message->counts);
	ret = qtee_invoke_args_send(message, in->addr, args);
	return ret ?: size;
}

/*
 * Takes the outputs of an answer to a message whose arguments are plain, or all placed. QTEE may have made them
 * smaller. Returns 0, -ENODEV, -EFAULT.
 */
static __always_inline int qtee_invoke_outputs_take(const void *buf, struct qtee_args *args, bool copied)
{
	struct qtee_arg *arg = args->arg + args->inputs, *const end = args->arg + args->count;
	u32 at = qtee_msg_slot(QTEE_MSG_INVOKE_HEADER, args->inputs);
	int ret = 0;

	for (; arg < end; arg++, at += QTEE_MSG_ARG_SIZE) {
		const u32 size = qtee_msg_word(buf, at + sizeof(u32));

		if (unlikely(size > arg->buffer.size || qtee_msg_word(buf, at) != arg->wire)) {
			arg->buffer.size = 0;
			ret = qtee_invoke_malformed();
			break;
		}
		arg->buffer.size = size;
		if (copied && unlikely(_inline_copy_to_user(arg->buffer.uaddr, buf + arg->wire, size)))
			ret = -EFAULT;
	}
	return ret;
}

static int qtee_invoke_any(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args, s32 *result);

/* Placed arguments that are not in the order of memory after all: what was written is cleared, and it begins anew. */
static noinline int qtee_invoke_again(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args, s32 *result)
{
	qtee_message_clear(context->message);
	return qtee_invoke_any(context, id, op, args, result);
}

static __always_inline int qtee_invoke_run(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args,
					   s32 *result, enum qtee_invoke_shape shape)
{
	struct qtee_message *message = context->message;
	struct qtee_buffer *in = &message->in;
	int size, ret;

	context->seen = false;
	if (shape == QTEE_INVOKE_NONE) {
		size = qtee_invoke_none_send(message, id, op, args);
	} else if (shape == QTEE_INVOKE_PLAIN) {
		size = qtee_invoke_plain_send(message, id, op, args);
	} else if (shape == QTEE_INVOKE_PLACED) {
		in = &message->big;
		size = qtee_invoke_placed_send(message, id, op, args);
	} else {
		size = qtee_invoke_any_send(message, id, op, args);
		in = qtee_message_in(message);
	}
	if (unlikely(size < 0))
		return shape == QTEE_INVOKE_PLACED ? qtee_invoke_again(context, id, op, args, result) :
						     qtee_invoke_undo(message, args, size);

	ret = qtee_invoke_loop(context, message, in, size, result);
	if (unlikely(ret))
		return context->seen ? ret : qtee_invoke_undo(message, args, ret);

	if ((shape == QTEE_INVOKE_PLAIN || shape == QTEE_INVOKE_PLACED) && !*result)
		ret = qtee_invoke_outputs_take(in->addr, args, shape == QTEE_INVOKE_PLAIN);
	else if (shape == QTEE_INVOKE_ANY && !*result)
		ret = qtee_invoke_args_take(message, in->addr, args);
	/* Mostly there is none. */
	if (unlikely(qtee_msg_word(message->out.addr, 0)))
		qtee_async_take(message, 0);
	qtee_message_finish(message, in->addr, shape == QTEE_INVOKE_NONE ? size : message->in_used, args->retain);
	return ret;
}

static noinline int qtee_invoke_none(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args, s32 *result)
{
	return qtee_invoke_run(context, id, op, args, result, QTEE_INVOKE_NONE);
}

static noinline int qtee_invoke_plain(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args, s32 *result)
{
	return qtee_invoke_run(context, id, op, args, result, QTEE_INVOKE_PLAIN);
}

static noinline int qtee_invoke_placed(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args,
				       s32 *result)
{
	return qtee_invoke_run(context, id, op, args, result, QTEE_INVOKE_PLACED);
}

static noinline int qtee_invoke_any(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args, s32 *result)
{
	args->sent = 0;
	if (unlikely(context->message->lost)) {
		context->seen = false;
		qtee_invoke_objects_drop(context->message, args);
		return -ENODEV;
	}
	return qtee_invoke_run(context, id, op, args, result, QTEE_INVOKE_ANY);
}

static __always_inline int qtee_invoke_shaped(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args,
					      s32 *result)
{
	switch (qtee_invoke_shape(context->message, args)) {
	case QTEE_INVOKE_NONE:
		return qtee_invoke_none(context, id, op, args, result);
	case QTEE_INVOKE_PLAIN:
		return qtee_invoke_plain(context, id, op, args, result);
	case QTEE_INVOKE_PLACED:
		return qtee_invoke_placed(context, id, op, args, result);
	default:
		return qtee_invoke_any(context, id, op, args, result);
	}
}

/* What trace events need lives as long as the invocation, so it has a function of its own. */
static noinline int qtee_invoke_traced(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args,
				       s32 *result)
{
	struct qtee_trace_invocation *trace = &context->message->response.trace;
	int ret;

	qtee_trace_begin(trace, id, op, args);
	ret = qtee_invoke_shaped(context, id, op, args, result);
	qtee_trace_end(trace, id, op, ret ? 0 : *result, ret, args);
	return ret;
}

static __always_inline int qtee_invoke_id(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args,
					  s32 *result)
{
	if (qtee_trace_on())
		return qtee_invoke_traced(context, id, op, args, result);
	return qtee_invoke_shaped(context, id, op, args, result);
}

/*
 * Invokes an object of QTEE by id; the transport's own operations too. See qtee_object_invoke().
 */
int qtee_invoke(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args, s32 *result)
{
	return qtee_invoke_id(context, id, op, args, result);
}

/* What can't be invoked takes what was to be passed with it. */
static noinline int qtee_invoke_refuse(struct qtee_context *context, struct qtee_args *args)
{
	context->seen = false;
	args->sent = 0;
	qtee_invoke_objects_drop(context->message, args);
	return -EINVAL;
}

/**
 * qtee_object_invoke() - invoke an object of QTEE
 * @context: begun by qtee_context_init(); can be used again afterwards
 * @object: the root object or a TEE object
 * @op: operation, 0 to QTEE_OP_MAX
 * @args: arguments, in any order; sizes of output buffers and the output objects are set when @result is 0
 * @result: out: what QTEE or the object answered; set when 0 is returned
 *
 * Callback objects among the input objects are given up in every case. Other input objects have to stay the caller's
 * until this returns. @context->seen says whether QTEE saw the message.
 *
 * A fatal signal makes callbacks to user space fail, and so ends the invocation as soon as QTEE does.
 *
 * Return: 0 when QTEE answered, whatever its result;
 *	-EINVAL: an object that can't be invoked or passed, an op of the transport, or a placed buffer that is not where
 *	it may be;
 *	-E2BIG: more than QTEE_ARGS_PER_KIND of a kind;
 *	-EMSGSIZE: more than 4 MiB, or than a page beside placed buffers;
 *	-ENOMEM: no memory, or no ids;
 *	-EFAULT: user memory could not be copied. If it was an output, @context->seen is set: QTEE has done its work;
 *	-EAGAIN: QTEE did not see the message, a retry is safe; or there was no buffer for it;
 *	-EIO: QTEE refused the message unseen; it would again;
 *	-ENODEV: QTEE did see it, and its answer can't be used; or so it was before, and the context can't be used
 *	again.
 * Context: process context, may sleep; no locks held, since callbacks run here.
 */
int qtee_object_invoke(struct qtee_context *context, struct qtee_object *object, u32 op, struct qtee_args *args,
		       s32 *result)
{
	const enum qtee_object_kind kind = qtee_object_kind(object);

	if (unlikely(op > QTEE_OP_MAX || (kind != QTEE_OBJECT_TEE && kind != QTEE_OBJECT_ROOT)))
		return qtee_invoke_refuse(context, args);
	return qtee_invoke_id(context, kind == QTEE_OBJECT_TEE ? object->tee_id : QTEE_ID_ROOT, op, args, result);
}
EXPORT_SYMBOL_GPL(qtee_object_invoke);
