// SPDX-License-Identifier: GPL-2.0-only
/* Callback objects that a user's server hosts, as the core sees them: a dispatch is a request to the server. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "user.h"

/* Longest that a kernel thread waits for a server, in ms. */
#define QTEE_USER_KTHREAD_MS	5000U

/* Forgets an object of which the server knows all there is to know. */
void qtee_user_object_free(struct qtee_user_object *callback)
{
	qtee_user_server_put(callback->server);
	kfree_rcu(callback, rcu);
}

/* The object itself becomes the notification, so that there is nothing to allocate. */
static void qtee_user_callback_release(struct qtee_object *object)
{
	struct qtee_user_object *callback = container_of(object, struct qtee_user_object, object);
	struct qtee_user_server *server = callback->server;

	/* Once it is queued, a RECEIVE may end the object, and a close the server. */
	kref_get(&server->refs);
	if (callback->quiet || qtee_user_server_queue(server, &callback->item))
		qtee_user_object_free(callback);
	qtee_user_server_put(server);
}

void qtee_user_request_put(struct qtee_user_request *request)
{
	if (refcount_dec_and_test(&request->refs))
		kfree(request);
}

/*
 * A server thread is done with the invoker's message: one that gave up meanwhile may go. A request that no thread knows
 * of goes back to the head of the queue. Ends the thread's reference.
 */
void qtee_user_request_idle(struct qtee_user_server *server, struct qtee_user_request *request, bool undelivered)
{
	bool again;

	spin_lock(&server->lock);
	request->busy = false;
	if (undelivered)
		request->undelivered = true;
	again = request->undelivered && request->state == QTEE_USER_PROCESSING;
	if (again) {
		request->state = QTEE_USER_PENDING;
		list_add(&request->item.node, &server->queue);
	}
	if (request->state == QTEE_USER_TIMEDOUT || request->state == QTEE_USER_PROCESSED)
		wake_up(&request->wait);
	spin_unlock(&server->lock);
	qtee_user_request_put(request);
	/* The thread may not come back for it. The caller's file keeps the server. */
	if (again)
		wake_up_interruptible_poll(&server->wait, EPOLLIN | EPOLLRDNORM);
}

/* Whether the invoker has nothing to wait for. */
static bool qtee_user_request_done(const struct qtee_user_request *request)
{
	return READ_ONCE(request->state) == QTEE_USER_PROCESSED && !READ_ONCE(request->busy);
}

/*
 * Waits for the answer. Returns 0, or an errno when there is none; nobody looks at the arguments any more then. Output
 * objects are among them only after 0: an answer is given to a request that is still waited for, or not at all.
 */
static int qtee_user_request_wait(struct qtee_user_server *server, struct qtee_user_request *request)
{
	u32 timeout_ms = READ_ONCE(server->timeout_ms);
	bool busy;
	long ret;

	/* A release worker can't be killed, and everybody's releases wait behind it. */
	if (current->flags & PF_KTHREAD)
		timeout_ms = min(timeout_ms ?: QTEE_USER_KTHREAD_MS, QTEE_USER_KTHREAD_MS);

	if (!timeout_ms) {
		ret = wait_event_killable(request->wait, qtee_user_request_done(request));
	} else {
		ret = wait_event_killable_timeout(request->wait, qtee_user_request_done(request),
						  msecs_to_jiffies(timeout_ms));
		ret = ret ? min(ret, 0L) : -ETIMEDOUT;
	}

	spin_lock(&server->lock);
	if (ret && request->state != QTEE_USER_PROCESSED) {
		request->state = QTEE_USER_TIMEDOUT;
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

static int qtee_user_callback_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args)
{
	struct qtee_user_object *callback = container_of(object, struct qtee_user_object, object);
	struct qtee_user_server *server = callback->server;
	struct qtee_user_request *request;
	unsigned int i;
	int ret;

	for (i = 0; i < args->count; i++)
		if (args->arg[i].kind == QTEE_ARG_IO && !qtee_user_param_possible(args->arg[i].object, server))
			return -EINVAL;

	request = kzalloc(sizeof(*request), GFP_KERNEL);
	if (!request)
		return -ENOMEM;
	INIT_LIST_HEAD(&request->item.node);
	init_waitqueue_head(&request->wait);
	refcount_set(&request->refs, 1);
	request->item.request = true;
	request->object = callback->id;
	request->op = op;
	request->args = args;

	ret = xa_alloc_cyclic(&server->requests, &request->id, request, XA_LIMIT(1, U32_MAX), &server->next,
			      GFP_KERNEL);
	if (ret < 0)
		goto out;
	ret = qtee_user_server_queue(server, &request->item);
	if (ret) {
		xa_erase(&server->requests, request->id);
		goto out;
	}
	ret = qtee_user_request_wait(server, request);
	for (i = 0; i < args->count && !ret; i++)
		if (args->arg[i].kind == QTEE_ARG_IO)
			qtee_object_put(args->arg[i].object);
out:
	qtee_user_request_put(request);
	return ret;
}

static const struct qtee_object_ops qtee_user_callback_ops = {
	.name = "user",
	.owner = THIS_MODULE,
	.dispatch = qtee_user_callback_dispatch,
	.release = qtee_user_callback_release,
};

/* The callback object of a server's that an object is, or NULL. */
struct qtee_user_object *qtee_user_callback_from(struct qtee_object *object)
{
	if (qtee_object_kind(object) != QTEE_OBJECT_CB || object->ops != &qtee_user_callback_ops)
		return NULL;
	return container_of(object, struct qtee_user_object, object);
}

/* A new object of the server that an fd of the current task is. Returns it with a reference, or ERR_PTR(). */
struct qtee_object *qtee_user_callback_new(s32 fd, u64 id)
{
	struct qtee_user_server *server = qtee_user_server_get(fd);
	struct qtee_user_object *callback;

	if (IS_ERR(server))
		return ERR_CAST(server);
	callback = kzalloc(sizeof(*callback), GFP_KERNEL_ACCOUNT);
	if (!callback) {
		qtee_user_server_put(server);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&callback->item.node);
	callback->server = server;
	callback->id = id;
	qtee_object_init(&callback->object, &qtee_user_callback_ops);
	return &callback->object;
}
