// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replying: a server thread answers a request.
 *
 * Output buffers go straight from the server's memory to the invoker's message. As in receiving that copy does not
 * fault; where it would, the memory is faulted in while nobody waits for us, and all begins again.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "server.h"
#include "../../tracepoints/trace.h"

/**
 * qtee_answer_add() - add an argument for which there is nothing to say: an input
 * @answer: the answer
 * @kind: of the argument
 *
 * Return: 0; -E2BIG.
 * Context: any.
 */
int qtee_answer_add(struct qtee_answer *answer, enum qtee_arg_kind kind)
{
	if (answer->count == QTEE_ARGS_MAX)
		return -E2BIG;
	answer->kind[answer->count++] = kind;
	return 0;
}
EXPORT_SYMBOL_GPL(qtee_answer_add);

/**
 * qtee_answer_add_buffer() - add an output buffer
 * @answer: the answer
 * @from: memory of the current task
 * @size: bytes there
 *
 * Return: 0; -E2BIG.
 * Context: any.
 */
int qtee_answer_add_buffer(struct qtee_answer *answer, const void __user *from, u64 size)
{
	if (answer->buffers == QTEE_ARGS_PER_KIND)
		return -E2BIG;
	answer->buffer[answer->buffers].from = from;
	answer->buffer[answer->buffers++].size = size;
	return qtee_answer_add(answer, QTEE_ARG_OB);
}
EXPORT_SYMBOL_GPL(qtee_answer_add_buffer);

/**
 * qtee_answer_add_object() - add an output object
 * @answer: the answer
 * @object: an object, or NULL; its reference is taken in every case
 *
 * A callback object is quiet until the answer is accepted.
 *
 * Return: 0; -E2BIG.
 * Context: process context, may sleep.
 */
int qtee_answer_add_object(struct qtee_answer *answer, struct qtee_object *object)
{
	struct qtee_server_object *hosted = qtee_server_object_from(object);

	if (hosted)
		hosted->quiet = true;
	if (answer->objects == QTEE_ARGS_PER_KIND) {
		qtee_object_put(object);
		return -E2BIG;
	}
	answer->object[answer->objects++] = object;
	return qtee_answer_add(answer, QTEE_ARG_OO);
}
EXPORT_SYMBOL_GPL(qtee_answer_add_object);

/**
 * qtee_answer_drop() - give up the objects of an answer that nobody took
 * @answer: the answer
 *
 * Context: process context, may sleep.
 */
void qtee_answer_drop(struct qtee_answer *answer)
{
	while (answer->objects)
		qtee_object_put(answer->object[--answer->objects]);
}
EXPORT_SYMBOL_GPL(qtee_answer_drop);

/* Whether the arguments are those of the request, one by one, and no output is larger than it may be. */
static bool qtee_answer_fits(const struct qtee_answer *answer, const struct qtee_args *args)
{
	unsigned int i, buffer = 0;

	if (answer->count != args->count)
		return false;
	for (i = 0; i < args->count; i++) {
		if (answer->kind[i] != args->arg[i].kind)
			return false;
		if (answer->kind[i] == QTEE_ARG_OB && answer->buffer[buffer++].size > args->arg[i].buffer.size)
			return false;
	}
	return true;
}

/* Copies the output buffers, without faulting. Returns 0 or -EFAULT. */
static int qtee_answer_payload(const struct qtee_answer *answer, const struct qtee_args *args)
{
	unsigned int i, buffer = 0;
	int ret = 0;

	pagefault_disable();
	for (i = 0; i < args->count && !ret; i++) {
		const void __user *from;
		u64 size;

		if (args->arg[i].kind != QTEE_ARG_OB)
			continue;
		from = answer->buffer[buffer].from;
		size = answer->buffer[buffer++].size;
		/* It may point anywhere, and nothing could be faulted in. */
		if (!size)
			continue;
		if (!access_ok(from, size) || __copy_from_user_inatomic(args->arg[i].buffer.addr, from, size))
			ret = -EFAULT;
	}
	pagefault_enable();
	return ret;
}

/* Faults the output buffers in. Returns 0 or -EFAULT. */
static int qtee_answer_fault(const struct qtee_answer *answer)
{
	unsigned int i;

	for (i = 0; i < answer->buffers; i++)
		if (fault_in_readable(answer->buffer[i].from, answer->buffer[i].size))
			return -EFAULT;
	return 0;
}

/* Puts sizes, objects and result where the invoker will find them. The lock is held, and the request is in process. */
static void qtee_answer_give(struct qtee_answer *answer, struct qtee_args *args)
{
	unsigned int i, buffer = 0, object = 0;
	struct qtee_server_object *hosted;

	args->result = answer->result;
	for (i = 0; i < args->count && !args->result; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind == QTEE_ARG_OB)
			arg->buffer.size = answer->buffer[buffer++].size;
		if (arg->kind != QTEE_ARG_OO)
			continue;
		arg->object = answer->object[object++];
		hosted = qtee_server_object_from(arg->object);
		if (hosted)
			hosted->quiet = false;
	}
	if (!args->result)
		answer->objects = 0;
}

/* The request of an id, if it waits for its answer and nobody else is busy with it; then we are. */
static struct qtee_server_request *qtee_answer_claim(struct qtee_server *server, u32 id)
{
	struct qtee_server_request *request;

	spin_lock(&server->lock);
	request = xa_load(&server->requests, id);
	if (request && (request->state != QTEE_REQUEST_PROCESSING || request->busy))
		request = NULL;
	if (request) {
		request->busy = true;
		refcount_inc(&request->refs);
	}
	spin_unlock(&server->lock);
	return request;
}

/* Answers the request. Returns 0; -EAGAIN when the caller's memory was faulted in and it should be tried again. */
static int qtee_answer_try(struct qtee_server *server, struct qtee_answer *answer)
{
	struct qtee_server_request *request = qtee_answer_claim(server, answer->request);
	int ret = 0;

	if (!request)
		return -ENOENT;

	if (!answer->result) {
		if (!qtee_answer_fits(answer, request->args))
			ret = -EINVAL;
		else
			ret = qtee_answer_payload(answer, request->args);
	}

	if (!ret) {
		spin_lock(&server->lock);
		if (request->state == QTEE_REQUEST_PROCESSING) {
			qtee_answer_give(answer, request->args);
			request->state = QTEE_REQUEST_PROCESSED;
		} else {
			ret = -ENOENT;
		}
		spin_unlock(&server->lock);
	}
	/* The invoker waits until we are not busy any more, and its arguments stay. */
	if (trace_qtee_callback_reply_enabled() && !ret)
		trace_qtee_callback_reply(qtee_trace_invocation(request->args), request->object, request->id,
					  request->op, answer->result);
	qtee_server_request_idle(server, request, false);

	if (ret == -EFAULT && !qtee_answer_fault(answer))
		ret = -EAGAIN;
	return ret;
}

/**
 * qtee_server_reply() - answer a request
 * @server: the server
 * @answer: the answer; its objects are taken in every case
 *
 * Return: 0; -ENOENT when no such request waits for an answer; and when it still does: -EINVAL for arguments that are
 *	not those of the request, or an output that is larger than it may be; -EFAULT; -EINTR when the caller is being
 *	killed.
 * Context: process context of the user, may sleep.
 */
int qtee_server_reply(struct qtee_server *server, struct qtee_answer *answer)
{
	int ret;

	/* A handler's signal, or a freezer's, is no reason to lose an answer: some servers can't give it again. */
	do
		ret = qtee_answer_try(server, answer);
	while (ret == -EAGAIN && !fatal_signal_pending(current));
	qtee_answer_drop(answer);
	return ret == -EAGAIN ? -EINTR : ret;
}
EXPORT_SYMBOL_GPL(qtee_server_reply);

/**
 * qtee_server_request_fail() - end a request that gets no answer any more
 * @server: the server
 * @id: of the request; where none waits for its answer, nothing is done
 * @error: negative errno, as the object's dispatch operation returns it
 *
 * For a front end whose users do not answer again when an answer of theirs was refused.
 *
 * Context: process context.
 */
void qtee_server_request_fail(struct qtee_server *server, u32 id, int error)
{
	struct qtee_server_request *request = qtee_answer_claim(server, id);

	if (!request)
		return;
	spin_lock(&server->lock);
	if (request->state == QTEE_REQUEST_PROCESSING) {
		request->error = error;
		request->state = QTEE_REQUEST_PROCESSED;
	}
	spin_unlock(&server->lock);
	qtee_server_request_idle(server, request, false);
}
EXPORT_SYMBOL_GPL(qtee_server_request_fail);
