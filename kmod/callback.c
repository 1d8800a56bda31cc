// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callbacks: a request of QTEE, taken, dispatched and answered in the thread whose invocation it came in.
 *
 * During a dispatch nothing is held: other threads invoke, and the dispatcher itself may.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/uaccess.h>

#include "callback.h"
#include "invoke.h"
#include "msg.h"
#include "object.h"
#include "stats.h"
#include "../shmbridge/message.h"
#include "../tracepoints/trace.h"

/* Gives up the objects of one kind, and forgets them. */
static void qtee_callback_objects_put(struct qtee_args *args, enum qtee_arg_kind kind)
{
	unsigned int i;

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind != kind)
			continue;
		qtee_object_put(arg->object);
		arg->object = NULL;
	}
}

/*
 * Turns ids and offsets of a request into objects and addresses. Every id is taken, whatever the others are, since it
 * is a reference.
 */
static int qtee_callback_args_take(struct qtee_message *message, struct qtee_args *args)
{
	unsigned int i;
	int err, ret = 0;

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		switch (arg->kind) {
		case QTEE_ARG_IB:
		case QTEE_ARG_OB:
			arg->buffer.addr = message->out.addr + arg->wire;
			break;
		case QTEE_ARG_IO:
			err = qtee_invoke_object_take(message, arg);
			if (err)
				ret = err;
			break;
		}
	}
	return ret;
}

/* Gives each output object its id. On failure those that have one lose it again. */
static int qtee_callback_objects_send(struct qtee_message *message, struct qtee_args *args)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind != QTEE_ARG_OO)
			continue;
		ret = qtee_invoke_send(message, arg->object, &arg->wire);
		if (ret)
			break;
	}
	if (!ret)
		return 0;

	while (i--) {
		struct qtee_arg *arg = &args->arg[i];

		/*
		 * QTEE was not told of the id. If it guessed, it has the reference, which is not ours to give up, and
		 * the object may be gone: the id tells what it was.
		 */
		if (arg->kind == QTEE_ARG_OO && (arg->wire & QTEE_ID_CB))
			arg->object = qtee_invoke_unsend(message, arg->wire);
	}
	return ret;
}

/* RELEASE and RETAIN are the transport's own, for any object. */
static int qtee_callback_transport(struct qtee_message *message, const struct qtee_msg_request *request)
{
	int ret = -ENOENT;

	if (request->op == QTEE_OP_RELEASE)
		ret = qtee_table_release(request->object);
	else if (request->object & QTEE_ID_CB)
		ret = qtee_table_retain(request->object);
	if (ret == -ENOENT)
		qtee_stat_inc(QTEE_STAT_UNKNOWN_IDS);
	if (request->op == QTEE_OP_RELEASE && !ret)
		trace_qtee_object_release(message->response.trace.name, request->object, QTEE_TRACE_RELEASED);
	return ret;
}

static int qtee_callback_dispatch(struct qtee_message *message, struct qtee_callback *callback,
				  const struct qtee_msg_request *request)
{
	struct qtee_args *args = &callback->args;
	u32 offered[QTEE_ARGS_PER_KIND];
	struct qtee_object *object;
	unsigned int i, ob = 0;
	int ret;

	/* From here on the dispatcher owns the reference in callback->object as long as it runs. */
	object = request->object & QTEE_ID_CB ? qtee_table_get(request->object) : NULL;
	if (!object) {
		qtee_stat_inc(QTEE_STAT_UNKNOWN_IDS);
		return -ENOENT;
	}
	callback->object = object;

	if (object->ops->op_supported && !object->ops->op_supported(object, request->op))
		return -EOPNOTSUPP;

	for (i = 0; i < args->count; i++)
		if (args->arg[i].kind == QTEE_ARG_OB)
			offered[ob++] = args->arg[i].buffer.size;

	trace_qtee_callback_dispatch(message->response.trace.name, request->object, request->op, object->ops->name);
	ret = object->ops->dispatch(message->context_id, object, request->op, args);
	if (ret)
		return ret;
	callback->dispatched = true;

	/* The dispatcher owned the input objects; what it did not keep is not there any more. */
	for (i = 0, ob = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind == QTEE_ARG_IO)
			arg->object = NULL;
		if (arg->kind != QTEE_ARG_OB)
			continue;
		if (WARN_ON_ONCE(arg->buffer.size > offered[ob]))
			arg->buffer.size = offered[ob];
		ob++;
	}

	if (!args->result)
		callback->error = qtee_callback_objects_send(message, args);
	return callback->error;
}

/**
 * qtee_callback_serve() - serve the request in the outbound buffer, and write the answer there
 * @message: the invocation's buffers
 * @callback: out; qtee_callback_end() has to follow when the answer was sent
 *
 * Context: process context, may sleep. Nothing is held.
 */
void qtee_callback_serve(struct qtee_message *message, struct qtee_callback *callback)
{
	struct qtee_args *args = &callback->args;
	struct qtee_msg_request request;
	s32 result;
	int ret, err;

	qtee_stat_inc(QTEE_STAT_CALLBACKS);
	callback->object = NULL;
	callback->dispatched = false;
	callback->error = 0;
	args->arg = message->callback_args;

	ret = qtee_msg_request_read(message->out.addr, message->out.size, &request, args);
	trace_qtee_callback_request(message->response.trace.name, request.object, request.op, args);
	if (qtee_trace_on())
		qtee_trace_callback_begin(&message->response.trace);
	err = qtee_callback_args_take(message, args);
	if (ret) {
		qtee_stat_inc(QTEE_STAT_MALFORMED);
		pr_warn_ratelimited("malformed callback request of QTEE to 0x%x\n", request.object);
		message->out_used = message->out.size;
	} else {
		message->out_used = max(message->out_used, request.tail);
		qtee_async_take(message, request.tail);
		ret = err;
	}

	if (!ret) {
		if (request.op == QTEE_OP_RELEASE || request.op == QTEE_OP_RETAIN)
			ret = qtee_callback_transport(message, &request);
		else
			ret = qtee_callback_dispatch(message, callback, &request);
	}

	/* A dispatcher that failed owns its input objects still; nobody else will give them up. */
	qtee_callback_objects_put(args, QTEE_ARG_IO);

	result = ret ? qtee_error_result(ret) : args->result;
	if (result)
		qtee_callback_objects_put(args, QTEE_ARG_OO);
	qtee_msg_response_write(message->out.addr, result, args);
	trace_qtee_callback_end(message->response.trace.name, request.object, request.op, result, ret, args);
	if (qtee_trace_on())
		qtee_trace_callback_end(&message->response.trace);
}

/**
 * qtee_callback_end() - the answer was sent, or could not be
 * @message: the invocation's buffers, which may hold QTEE's next message already
 * @callback: as qtee_callback_serve() left it
 * @status: 0, or an errno when QTEE did not take the answer: what was handed out is taken back
 *
 * Context: process context, may sleep.
 */
void qtee_callback_end(struct qtee_message *message, struct qtee_callback *callback, int status)
{
	struct qtee_args *args = &callback->args;
	unsigned int i;

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind != QTEE_ARG_OO || !arg->object)
			continue;
		/*
		 * A callback object's reference is QTEE's now, and may be gone: the id tells what it was. A TEE
		 * object's was lent for QTEE to take its own.
		 */
		if (arg->wire & QTEE_ID_CB) {
			if (status)
				qtee_object_put(qtee_invoke_unsend(message, arg->wire));
		} else {
			qtee_object_put(arg->object);
		}
		arg->object = NULL;
	}

	if (callback->dispatched && callback->object->ops->notify)
		callback->object->ops->notify(message->context_id, callback->object, status ?: callback->error);
	qtee_object_put(callback->object);
	callback->object = NULL;
}
