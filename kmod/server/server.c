// SPDX-License-Identifier: GPL-2.0-only
/* Servers: their queues, and their end. */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/poll.h>
#include <linux/sched.h>

#include "server.h"
#include "../../tracepoints/trace.h"

/**
 * qtee_server_init() - begin a server
 * @server: part of what the front end keeps for an open file; the caller has the first reference
 * @ops: what differs among servers
 *
 * Context: any.
 */
void qtee_server_init(struct qtee_server *server, const struct qtee_server_ops *ops)
{
	server->ops = ops;
	kref_init(&server->refs);
	spin_lock_init(&server->lock);
	server->dead = false;
	server->polling = false;
	server->timeout_ms = 0;
	server->receive_poll_us = 0;
	server->reply_poll_us = 0;
	INIT_LIST_HEAD(&server->queue);
	xa_init_flags(&server->requests, XA_FLAGS_ALLOC1);
	server->next = 0;
	init_waitqueue_head(&server->wait);
}
EXPORT_SYMBOL_GPL(qtee_server_init);

static void qtee_server_free(struct kref *refs)
{
	struct qtee_server *server = container_of(refs, struct qtee_server, refs);

	xa_destroy(&server->requests);
	server->ops->free(server);
}

/**
 * qtee_server_get() - take a reference
 * @server: a server that the caller has a reference to
 *
 * Context: any.
 */
void qtee_server_get(struct qtee_server *server)
{
	kref_get(&server->refs);
}
EXPORT_SYMBOL_GPL(qtee_server_get);

/**
 * qtee_server_put() - give a reference up
 * @server: a server
 *
 * Context: process context, may sleep.
 */
void qtee_server_put(struct qtee_server *server)
{
	kref_put(&server->refs, qtee_server_free);
}
EXPORT_SYMBOL_GPL(qtee_server_put);

static void qtee_server_item_trace(const struct qtee_server_item *item)
{
	if (item->request) {
		const struct qtee_server_request *request = container_of(item, struct qtee_server_request, item);

		trace_qtee_callback_queue(qtee_trace_invocation(request->args), request->object, request->id,
					  request->op);
	} else {
		trace_qtee_callback_queue(0, container_of(item, struct qtee_server_object, item)->id, 0,
					  QTEE_OP_RELEASE);
	}
}

/*
 * Puts an item at the queue's end and wakes one thread for it, unless one is polling. Returns 0, or -ENODEV: the server
 * is gone.
 */
int qtee_server_queue(struct qtee_server *server, struct qtee_server_item *item)
{
	bool wake;

	scoped_guard(spinlock, &server->lock) {
		if (server->dead)
			return -ENODEV;
		/* A thread may receive it as soon as it is there. */
		if (trace_qtee_callback_queue_enabled())
			qtee_server_item_trace(item);
		if (item->request)
			container_of(item, struct qtee_server_request, item)->state = QTEE_REQUEST_PENDING;
		/* It takes the first item; for one behind that it may not come back. */
		wake = !server->polling || !list_empty(&server->queue);
		list_add_tail(&item->node, &server->queue);
	}
	if (wake)
		wake_up_interruptible_poll(&server->wait, EPOLLIN | EPOLLRDNORM);
	return 0;
}

/**
 * qtee_server_close() - end a server: nobody is left to receive or to answer, nor will there be
 * @server: the server, whose reference of the open file this ends
 *
 * Whoever waits for an answer is told that there will be none.
 *
 * Context: process context, may sleep.
 */
void qtee_server_close(struct qtee_server *server)
{
	struct qtee_server_item *item, *next;
	struct qtee_server_request *request;
	unsigned long id;
	LIST_HEAD(queue);

	spin_lock(&server->lock);
	server->dead = true;
	list_splice_init(&server->queue, &queue);
	list_for_each_entry(item, &queue, node)
		if (item->request)
			container_of(item, struct qtee_server_request, item)->state = QTEE_REQUEST_PROCESSING;
	list_for_each_entry_safe(item, next, &queue, node)
		if (item->request)
			list_del_init(&item->node);
	xa_for_each(&server->requests, id, request) {
		if (request->state != QTEE_REQUEST_PROCESSING)
			continue;
		request->error = -ENODEV;
		request->state = QTEE_REQUEST_PROCESSED;
		wake_up(&request->wait);
	}
	spin_unlock(&server->lock);

	/* Notifications that nobody will take. */
	list_for_each_entry_safe(item, next, &queue, node) {
		list_del(&item->node);
		qtee_server_object_free(container_of(item, struct qtee_server_object, item));
	}
	qtee_server_put(server);
}
EXPORT_SYMBOL_GPL(qtee_server_close);
