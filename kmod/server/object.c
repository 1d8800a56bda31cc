// SPDX-License-Identifier: GPL-2.0-only
/* Callback objects that a server hosts, as the core sees them: a dispatch is a request to the server. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "server.h"
#include "../stats.h"

/* Longest that a kernel thread waits for a server, in ms. */
#define QTEE_SERVER_KTHREAD_MS	5000U

/* Forgets an object of which the server knows all there is to know. */
void qtee_server_object_free(struct qtee_server_object *hosted)
{
	qtee_server_put(hosted->server);
	kfree_rcu(hosted, rcu);
}

/**
 * qtee_server_object_release() - release operation of a server's objects
 * @object: part of a struct qtee_server_object
 *
 * The object itself becomes the notification, so that there is nothing to allocate.
 *
 * Context: process context, may sleep.
 */
void qtee_server_object_release(struct qtee_object *object)
{
	struct qtee_server_object *hosted = container_of(object, struct qtee_server_object, object);
	struct qtee_server *server = hosted->server;

	/* Once it is queued, a RECEIVE may end the object, and a close the server. */
	qtee_server_get(server);
	if (hosted->quiet || qtee_server_queue(server, &hosted->item))
		qtee_server_object_free(hosted);
	qtee_server_put(server);
}
EXPORT_SYMBOL_GPL(qtee_server_object_release);

void qtee_server_request_put(struct qtee_server_request *request)
{
	if (refcount_dec_and_test(&request->refs))
		kfree(request);
}

/*
 * A server thread is done with the invoker's message: one that gave up meanwhile may go. A request that no thread knows
 * of goes back to the head of the queue. Ends the thread's reference.
 */
void qtee_server_request_idle(struct qtee_server *server, struct qtee_server_request *request, bool undelivered)
{
	bool again;

	spin_lock(&server->lock);
	request->busy = false;
	if (undelivered)
		request->undelivered = true;
	again = request->undelivered && request->state == QTEE_REQUEST_PROCESSING;
	if (again) {
		request->state = QTEE_REQUEST_PENDING;
		list_add(&request->item.node, &server->queue);
	}
	if (request->state == QTEE_REQUEST_TIMEDOUT || request->state == QTEE_REQUEST_PROCESSED)
		wake_up(&request->wait);
	spin_unlock(&server->lock);
	qtee_server_request_put(request);
	/* The thread may not come back for it. The caller's file keeps the server. */
	if (again)
		wake_up_interruptible_poll(&server->wait, EPOLLIN | EPOLLRDNORM);
}

/* Whether the invoker has nothing to wait for. */
static bool qtee_server_request_done(const void *of)
{
	const struct qtee_server_request *request = of;

	return READ_ONCE(request->state) == QTEE_REQUEST_PROCESSED && !READ_ONCE(request->busy);
}

/* Polls for the answer, where that is worth it. Returns whether it is there. */
static bool qtee_server_request_poll(struct qtee_server *server, struct qtee_server_request *request, u64 since)
{
	u32 us = qtee_poll_us(&server->reply_poll_us);

	/* Who waits for a release worker is in no hurry. */
	if (!us || current->flags & PF_KTHREAD || !qtee_poll(since, us, qtee_server_request_done, request))
		return false;
	qtee_stat_inc(QTEE_STAT_CALLBACK_POLLS);
	return true;
}

/* Sleeps until the answer is there. Returns 0, -ETIMEDOUT, or another errno when the invoker is being killed. */
static int qtee_server_request_sleep(struct qtee_server *server, struct qtee_server_request *request, u32 timeout_ms,
				     u64 since)
{
	long ret;

	/* Freezable: a server that is frozen before its invoker must not keep the machine from being suspended. */
	ret = ___wait_event(request->wait, ___wait_cond_timeout(qtee_server_request_done(request)),
			    (TASK_KILLABLE | TASK_FREEZABLE), 0,
			    timeout_ms ? msecs_to_jiffies(timeout_ms) : MAX_SCHEDULE_TIMEOUT,
			    __ret = schedule_timeout(__ret));
	if (ret < 0)
		return ret;
	qtee_poll_learn(&server->reply_poll_us, since);
	return ret ? 0 : -ETIMEDOUT;
}

/*
 * Waits for the answer. Returns 0, or an errno when there is none; nobody looks at the arguments any more then. Output
 * objects are among them only after 0: an answer is given to a request that is still waited for, or not at all.
 */
static int qtee_server_request_wait(struct qtee_server *server, struct qtee_server_request *request)
{
	u32 timeout_ms = READ_ONCE(server->timeout_ms);
	u64 since = ktime_get_ns();
	bool busy;
	long ret;

	/* A release worker can't be killed, and everybody's releases wait behind it. */
	if (current->flags & PF_KTHREAD)
		timeout_ms = min(timeout_ms ?: QTEE_SERVER_KTHREAD_MS, QTEE_SERVER_KTHREAD_MS);

	ret = 0;
	if (!qtee_server_request_poll(server, request, since))
		ret = qtee_server_request_sleep(server, request, timeout_ms, since);

	spin_lock(&server->lock);
	if (ret && request->state != QTEE_REQUEST_PROCESSED) {
		request->state = QTEE_REQUEST_TIMEDOUT;
		request->error = ret == -ETIMEDOUT ? -ETIMEDOUT : -EINTR;
	}
	list_del_init(&request->item.node);
	xa_erase(&server->requests, request->id);
	busy = request->busy;
	spin_unlock(&server->lock);

	/* A copy that does not fault: this can't be held up. */
	if (busy)
		wait_event(request->wait, !READ_ONCE(request->busy));
	return request->error;
}

/**
 * qtee_server_dispatch() - dispatch operation of a server's objects
 * @context_id: the invocation
 * @object: part of a struct qtee_server_object
 * @op: operation
 * @args: arguments; the result is in them when 0 is returned
 *
 * Return: 0; -EINVAL for an object that the server's users can't be given; -ENODEV when the server is gone or goes;
 *	-ETIMEDOUT; -EINTR when the invoker is being killed; -ENOMEM; what qtee_server_request_fail() was told.
 * Context: process context, sleeps.
 */
int qtee_server_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args)
{
	struct qtee_server_object *hosted = container_of(object, struct qtee_server_object, object);
	struct qtee_server *server = hosted->server;
	struct qtee_server_request *request;
	unsigned int i;
	int ret;

	for (i = 0; i < args->count; i++)
		if (args->arg[i].kind == QTEE_ARG_IO && args->arg[i].object &&
		    !server->ops->possible(server, args->arg[i].object))
			return -EINVAL;

	request = kzalloc(sizeof(*request), GFP_KERNEL);
	if (!request)
		return -ENOMEM;
	INIT_LIST_HEAD(&request->item.node);
	init_waitqueue_head(&request->wait);
	refcount_set(&request->refs, 1);
	request->item.request = true;
	request->object = hosted->id;
	request->op = op;
	request->args = args;

	ret = xa_alloc_cyclic(&server->requests, &request->id, request, XA_LIMIT(1, U32_MAX), &server->next,
			      GFP_KERNEL);
	if (ret < 0)
		goto out;
	ret = qtee_server_queue(server, &request->item);
	if (ret) {
		xa_erase(&server->requests, request->id);
		goto out;
	}
	ret = qtee_server_request_wait(server, request);
	for (i = 0; i < args->count && !ret; i++)
		if (args->arg[i].kind == QTEE_ARG_IO)
			qtee_object_put(args->arg[i].object);
out:
	qtee_server_request_put(request);
	return ret;
}
EXPORT_SYMBOL_GPL(qtee_server_dispatch);

/**
 * qtee_server_object_from() - the server's object that an object is
 * @object: any object, or NULL
 *
 * Return: it, of whichever front end; NULL when @object is no server's.
 * Context: any.
 */
struct qtee_server_object *qtee_server_object_from(struct qtee_object *object)
{
	if (qtee_object_kind(object) != QTEE_OBJECT_CB || object->ops->dispatch != qtee_server_dispatch)
		return NULL;
	return container_of(object, struct qtee_server_object, object);
}
EXPORT_SYMBOL_GPL(qtee_server_object_from);

/**
 * qtee_server_object_new() - make a callback object of a server's, to be passed once
 * @server: the server
 * @ops: the front end's, with qtee_server_dispatch() and qtee_server_object_release()
 * @id: the server's number for the object
 *
 * Return: the object, with a reference; ERR_PTR(-ENOMEM).
 * Context: process context, may sleep.
 */
struct qtee_object *qtee_server_object_new(struct qtee_server *server, const struct qtee_object_ops *ops, u64 id)
{
	struct qtee_server_object *hosted = kzalloc(sizeof(*hosted), GFP_KERNEL_ACCOUNT);

	if (!hosted)
		return ERR_PTR(-ENOMEM);
	qtee_server_get(server);
	INIT_LIST_HEAD(&hosted->item.node);
	hosted->server = server;
	hosted->id = id;
	qtee_object_init(&hosted->object, ops);
	return &hosted->object;
}
EXPORT_SYMBOL_GPL(qtee_server_object_new);

/* Puts an input object. Its server is to hear of it only if QTEE saw it, when QTEE lets it go. */
static void qtee_inputs_put_one(struct qtee_object *object, bool seen)
{
	struct qtee_server_object *hosted = qtee_server_object_from(object);

	if (hosted && !seen)
		hosted->quiet = true;
	qtee_object_put(object);
}

/**
 * qtee_inputs_hold() - keep the input objects of an invocation until it is over
 * @inputs: out
 * @args: arguments; each input object is there with a reference
 * @error: an errno that the invocation will end with, since not all of the arguments can be had; or 0
 *
 * The core takes a reference to each callback object; the one that is kept says that it is still there afterwards.
 * More than there may be are refused here, where there is still nothing to undo.
 *
 * Return: 0, and then qtee_inputs_put() has to follow; @error or -E2BIG, and then all references are given up.
 * Context: process context, may sleep.
 */
int qtee_inputs_hold(struct qtee_inputs *inputs, struct qtee_args *args, int error)
{
	unsigned int i;

	inputs->count = 0;
	for (i = 0; i < args->count; i++) {
		struct qtee_object *object = args->arg[i].object;

		if (args->arg[i].kind != QTEE_ARG_IO || !object)
			continue;
		if (inputs->count == QTEE_ARGS_PER_KIND || error) {
			qtee_inputs_put_one(object, false);
			error = error ?: -E2BIG;
			continue;
		}
		inputs->object[inputs->count++] = object;
	}
	if (error) {
		qtee_inputs_put(inputs, false);
		return error;
	}
	for (i = 0; i < inputs->count; i++)
		if (inputs->object[i]->kind == QTEE_OBJECT_CB)
			qtee_object_get(inputs->object[i]);
	return 0;
}
EXPORT_SYMBOL_GPL(qtee_inputs_hold);

/**
 * qtee_inputs_put() - end what qtee_inputs_hold() began
 * @inputs: the objects
 * @seen: QTEE saw the invocation: servers hear of their objects when QTEE lets them go
 *
 * Context: process context, may sleep.
 */
void qtee_inputs_put(struct qtee_inputs *inputs, bool seen)
{
	while (inputs->count)
		qtee_inputs_put_one(inputs->object[--inputs->count], seen);
}
EXPORT_SYMBOL_GPL(qtee_inputs_put);
