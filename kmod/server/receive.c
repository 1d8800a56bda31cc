// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving: a server thread takes the next request.
 *
 * The payload goes straight from the invoker's message to the server's memory. The invoker may be killed at any time,
 * and then waits for us to be done with its message; so that copy does not fault. Where it would, the request goes
 * back to the head of the queue, the memory is faulted in, and all begins again.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "server.h"
#include "../stats.h"
#include "../../tracepoints/trace.h"

/* Copies the input buffers, without faulting. Returns 0 or -EFAULT. */
static int qtee_receipt_payload(struct qtee_receipt *receipt, const struct qtee_args *args)
{
	unsigned int i;
	int ret = 0;
	u64 at = 0;

	/* Then there need not be an area at all, and nothing that could be faulted in. */
	if (!receipt->need)
		return 0;
	if (!access_ok(receipt->area, receipt->need))
		return -EFAULT;

	pagefault_disable();
	for (i = 0; i < args->count && !ret; i++) {
		const struct qtee_arg *arg = &args->arg[i];

		if (arg->kind != QTEE_ARG_IB)
			continue;
		if (__copy_to_user_inatomic(receipt->area + qtee_receipt_place(&at, arg->buffer.size),
					    arg->buffer.addr, arg->buffer.size))
			ret = -EFAULT;
	}
	pagefault_enable();
	return ret;
}

/* Takes references to the input objects, while the invoker's arguments can be looked at. */
static void qtee_receipt_objects(const struct qtee_args *args, struct qtee_object **objects)
{
	unsigned int i;

	for (i = 0; i < args->count; i++)
		if (args->arg[i].kind == QTEE_ARG_IO)
			*objects++ = qtee_object_get(args->arg[i].object);
}

/* No thread knows of a request that was handed over. If one is busy with it, by a guess, that one puts it back. */
static void qtee_server_request_undelivered(struct qtee_server *server, struct qtee_server_request *request)
{
	bool busy;

	spin_lock(&server->lock);
	busy = request->busy;
	if (busy)
		request->undelivered = true;
	else
		request->busy = true;
	spin_unlock(&server->lock);
	if (busy)
		qtee_server_request_put(request);
	else
		qtee_server_request_idle(server, request, true);
}

/* Nobody can be told of a request, whoever receives: it fails. Whoever is busy with it, by a guess, finds that out. */
static void qtee_server_request_untold(struct qtee_server *server, struct qtee_server_request *request, int error)
{
	spin_lock(&server->lock);
	if (request->state == QTEE_REQUEST_PROCESSING) {
		request->error = error;
		request->state = QTEE_REQUEST_PROCESSED;
		wake_up(&request->wait);
	}
	spin_unlock(&server->lock);
	qtee_server_request_put(request);
}

/*
 * Hands a request over. Returns 0; -EAGAIN when the caller's memory was faulted in, or the request failed since nobody
 * can be given its objects, and it should be tried again.
 */
static int qtee_server_receive_request(struct qtee_server *server, struct qtee_server_request *request,
				       struct qtee_receipt *receipt)
{
	struct qtee_object *objects[QTEE_ARGS_PER_KIND];
	int ret;

	receipt->need = 0;
	ret = receipt->ops->describe(receipt, request);
	if (ret) {
		qtee_server_request_idle(server, request, true);
		return ret;
	}

	ret = qtee_receipt_payload(receipt, request->args);
	if (ret) {
		qtee_server_request_idle(server, request, true);
		if (fault_in_writeable(receipt->area, receipt->need))
			return -EFAULT;
		return -EAGAIN;
	}

	qtee_receipt_objects(request->args, objects);
	if (trace_qtee_callback_receive_enabled())
		trace_qtee_callback_receive(qtee_trace_invocation(request->args), request->object, request->id,
					    request->op);
	/* The invoker's message is not looked at from here on; the request is still there by its id. */
	refcount_inc(&request->refs);
	qtee_server_request_idle(server, request, false);

	ret = receipt->ops->finish(receipt, objects);
	if (!ret) {
		qtee_server_request_put(request);
		return 0;
	}

	/* An object lost its name since the dispatch: to wait for somebody who can be told would be for ever. */
	if (ret == -EINVAL) {
		qtee_server_request_untold(server, request, ret);
		return -EAGAIN;
	}
	/* The caller does not know of the request; somebody should. */
	qtee_server_request_undelivered(server, request);
	return ret;
}

/* Hands a notification over. */
static int qtee_server_receive_release(struct qtee_server *server, struct qtee_server_object *hosted,
				       struct qtee_receipt *receipt)
{
	int ret = receipt->ops->released(receipt, hosted->id);

	if (ret) {
		scoped_guard(spinlock, &server->lock)
			list_add(&hosted->item.node, &server->queue);
		wake_up_interruptible_poll(&server->wait, EPOLLIN | EPOLLRDNORM);
		return ret;
	}
	trace_qtee_callback_receive(0, hosted->id, 0, QTEE_OP_RELEASE);
	qtee_server_object_free(hosted);
	return 0;
}

/*
 * The oldest item, out of the queue; a request of it is ours and busy. NULL when there is none. Ends the caller's
 * polling, if it is @polling: what was queued until now is seen here, and for what comes later somebody is woken.
 */
static struct qtee_server_item *qtee_server_receive_next(struct qtee_server *server, bool polling)
{
	struct qtee_server_item *item;

	spin_lock(&server->lock);
	if (polling)
		server->polling = false;
	item = list_first_entry_or_null(&server->queue, struct qtee_server_item, node);
	if (item)
		list_del_init(&item->node);
	if (item && item->request) {
		struct qtee_server_request *request = container_of(item, struct qtee_server_request, item);

		request->state = QTEE_REQUEST_PROCESSING;
		request->busy = true;
		request->undelivered = false;
		refcount_inc(&request->refs);
	}
	spin_unlock(&server->lock);
	return item;
}

static bool qtee_server_receive_ready(const void *server)
{
	return !list_empty_careful(&((const struct qtee_server *)server)->queue);
}

/*
 * Polls for an item where that is worth it and no other thread of the server does. Returns whether it did; then
 * qtee_server_receive_next() has to end it, whatever comes.
 */
static bool qtee_server_receive_poll(struct qtee_server *server, u64 since)
{
	u32 us = qtee_poll_us(&server->receive_poll_us);
	bool polling;

	if (!us)
		return false;
	scoped_guard(spinlock, &server->lock) {
		polling = !server->polling;
		server->polling = true;
	}
	if (polling && qtee_poll(since, us, qtee_server_receive_ready, server))
		qtee_stat_inc(QTEE_STAT_CALLBACK_POLLS);
	return polling;
}

/* Sleeps until there is an item, or was. Returns 0 or -EINTR. */
static int qtee_server_receive_sleep(struct qtee_server *server)
{
	/* Freezable: being suspended and resumed is no signal. */
	return ___wait_event(server->wait, qtee_server_receive_ready(server),
			     (TASK_INTERRUPTIBLE | TASK_FREEZABLE), 1, 0, schedule()) ? -EINTR : 0;
}

/* The oldest item, as soon as there is one. Returns it, or ERR_PTR(-EINTR). */
static struct qtee_server_item *qtee_server_receive_wait(struct qtee_server *server)
{
	u64 since = ktime_get_ns();
	struct qtee_server_item *item;
	int ret;

	item = qtee_server_receive_poll(server, since) ? qtee_server_receive_next(server, true) : NULL;
	if (item)
		return item;
	while (!item) {
		ret = qtee_server_receive_sleep(server);
		if (ret)
			return ERR_PTR(ret);
		item = qtee_server_receive_next(server, false);
	}
	qtee_poll_learn(&server->receive_poll_us, since);
	return item;
}

/**
 * qtee_server_receive() - receive the next item
 * @server: the server
 * @nonblock: do not wait for one
 * @receipt: what the front end keeps of the call
 *
 * Return: 0; -EAGAIN when there is none and @nonblock; -EINTR; -EFAULT; an errno of @receipt's operations. In all cases
 *	but 0 the item is still there for the next who receives.
 * Context: process context of the user, sleeps.
 */
int qtee_server_receive(struct qtee_server *server, bool nonblock, struct qtee_receipt *receipt)
{
	struct qtee_server_item *item;
	int ret;

	do {
		item = qtee_server_receive_next(server, false);
		if (!item && nonblock)
			return -EAGAIN;
		if (!item)
			item = qtee_server_receive_wait(server);
		if (IS_ERR(item))
			return PTR_ERR(item);
		if (item->request)
			ret = qtee_server_receive_request(server, container_of(item, struct qtee_server_request, item),
							  receipt);
		else
			ret = qtee_server_receive_release(server, container_of(item, struct qtee_server_object, item),
							  receipt);
		/* Memory that comes and goes makes this go round; a signal ends it. */
		if (ret == -EAGAIN && signal_pending(current))
			return -EINTR;
	} while (ret == -EAGAIN);
	return ret;
}
EXPORT_SYMBOL_GPL(qtee_server_receive);
