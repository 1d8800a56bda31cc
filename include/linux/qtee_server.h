/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel API of the qtee driver: servers, for front ends whose users host callback objects.
 *
 * A dispatch to an object of a server is a request in the server's queue. A thread of the server receives it, with the
 * input buffers copied from the invoker's message to the thread's memory; some thread answers it, and the outputs are
 * copied the other way. What requests and answers look like to users is the front end's affair.
 */
#ifndef _LINUX_QTEE_SERVER_H
#define _LINUX_QTEE_SERVER_H

#include <linux/align.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/qtee.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct qtee_server;

/**
 * enum qtee_request_state - life of a callback request
 * @QTEE_REQUEST_NEW: made, not yet to be seen by a server thread
 * @QTEE_REQUEST_PENDING: in the server's queue
 * @QTEE_REQUEST_PROCESSING: a server thread has received it, or is about to
 * @QTEE_REQUEST_PROCESSED: the answer is there
 * @QTEE_REQUEST_TIMEDOUT: the invoker waits no longer
 */
enum qtee_request_state {
	QTEE_REQUEST_NEW,
	QTEE_REQUEST_PENDING,
	QTEE_REQUEST_PROCESSING,
	QTEE_REQUEST_PROCESSED,
	QTEE_REQUEST_TIMEDOUT,
};

/**
 * struct qtee_server_item - what a server's queue holds: a request, or the notification of a release
 * @node: in the queue, or empty
 * @request: whether this is part of a struct qtee_server_request, else of a struct qtee_server_object
 *
 * Locking: the server's lock.
 */
struct qtee_server_item {
	struct list_head node;
	bool request;
};

/**
 * struct qtee_server_ops - what differs among servers
 * @possible: whether the server's users can be given an object, which is not NULL. Any thread; must not sleep
 * @free: the last reference is gone: frees what the server is part of. Process context, may sleep
 */
struct qtee_server_ops {
	bool (*possible)(struct qtee_server *server, struct qtee_object *object);
	void (*free)(struct qtee_server *server);
};

/**
 * struct qtee_server - a host of callback objects; part of what a front end keeps for an open file
 * @ops: what differs among servers
 * @refs: the open file, and each object that the server hosts
 * @lock: everything below, and state and busy of its requests. Nests outside the xa_lock of @requests and of nothing
 *	else; nothing that sleeps is done under it.
 * @dead: the file is closed
 * @polling: a thread polls for an item, and looks at the queue with the lock held once more when it ends that. So an
 *	item that is the first in the queue then needs nobody to be woken.
 * @timeout_ms: how long an invoker waits; 0: for ever. Read and written whole, without the lock
 * @receive_poll_us: for how long it is worth polling for an item before sleeping, as the last waits have it. A guess,
 *	read and written whole, without the lock
 * @reply_poll_us: the same of invokers, for answers
 * @queue: items to be received, oldest first
 * @requests: requests by id, from when they are pending until the invoker has its answer
 * @next: for ids
 * @wait: threads that wait to receive, one of which is woken per item, and pollers
 */
struct qtee_server {
	const struct qtee_server_ops *ops;
	struct kref refs;
	spinlock_t lock;
	bool dead;
	bool polling;
	u32 timeout_ms;
	u32 receive_poll_us;
	u32 reply_poll_us;
	struct list_head queue;
	struct xarray requests;
	u32 next;
	wait_queue_head_t wait;
};

/**
 * struct qtee_server_object - a callback object of a server
 * @object: what the core knows
 * @item: the notification, once the object is released
 * @server: the server, with a reference
 * @id: the server's number for it
 * @quiet: QTEE never saw it, so there is nothing to notify of
 * @rcu: for the end
 *
 * Each time that it is passed, an object of its own is made: the server gets one notification for each.
 *
 * Locking: constant but for @quiet, which its maker sets while it still has a reference, and @item.
 */
struct qtee_server_object {
	struct qtee_object object;
	struct qtee_server_item item;
	struct qtee_server *server;
	u64 id;
	bool quiet;
	struct rcu_head rcu;
};

/**
 * struct qtee_server_request - a callback that a server is to serve
 * @item: in the queue
 * @refs: the invoker, and whoever is busy with it
 * @id: names it in the answer; never 0
 * @object: the server's number for the object
 * @op: operation
 * @state: enum qtee_request_state
 * @busy: a server thread is copying from or to the invoker's message. It does that without faulting, so this is short,
 *	and an invoker that gives up waits for it.
 * @undelivered: no server thread knows of it, although it is PROCESSING: whoever is busy with it puts it back
 * @error: how it ended, when no answer came
 * @args: the invoker's arguments: payloads lie in its message
 * @wait: the invoker
 *
 * Invariant: @args may be looked at while @busy, or with the lock held in state PENDING or PROCESSING.
 * Locking: @state, @busy, @undelivered and @item: the server's lock.
 */
struct qtee_server_request {
	struct qtee_server_item item;
	refcount_t refs;
	u32 id;
	u64 object;
	u32 op;
	enum qtee_request_state state;
	bool busy;
	bool undelivered;
	int error;
	struct qtee_args *args;
	wait_queue_head_t wait;
};

void qtee_server_init(struct qtee_server *server, const struct qtee_server_ops *ops);
void qtee_server_get(struct qtee_server *server);
void qtee_server_put(struct qtee_server *server);
void qtee_server_close(struct qtee_server *server);

struct qtee_object *qtee_server_object_new(struct qtee_server *server, const struct qtee_object_ops *ops, u64 id);
struct qtee_server_object *qtee_server_object_from(struct qtee_object *object);

/* The operations that the ops of a server's objects have to have; the rest is the front end's. */
int qtee_server_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args);
void qtee_server_object_release(struct qtee_object *object);

/**
 * struct qtee_inputs - the input objects of a user's invocation, so that they are still there afterwards
 * @count: how many
 * @object: none of them NULL, with a reference each
 *
 * Locking: belongs to the invocation.
 */
struct qtee_inputs {
	unsigned int count;
	struct qtee_object *object[QTEE_ARGS_PER_KIND];
};

int qtee_inputs_hold(struct qtee_inputs *inputs, struct qtee_args *args, int error);
void qtee_inputs_put(struct qtee_inputs *inputs, bool seen);

struct qtee_receipt;

/**
 * struct qtee_receipt_ops - how a front end hands requests to its users
 * @describe: sets @receipt->area and, by qtee_receipt_place() for each input buffer in order, @receipt->need; and
 *	writes down what it needs of the request. Returns 0, -ENOSPC when the request does not fit. Must not sleep: the
 *	invoker may be waiting for us.
 * @finish: names the input objects to the user, and gives it the rest. Takes the references in every case. Returns 0
 *	or an errno, and then nobody has heard of the request. -EINVAL: an object has no name any more, for whoever
 *	receives, so the request fails. May sleep. The request is not to be looked at.
 * @released: hands over that the object of this number was released. Returns 0 or an errno. May sleep.
 */
struct qtee_receipt_ops {
	int (*describe)(struct qtee_receipt *receipt, const struct qtee_server_request *request);
	int (*finish)(struct qtee_receipt *receipt, struct qtee_object **objects);
	int (*released)(struct qtee_receipt *receipt, u64 object);
};

/**
 * struct qtee_receipt - a user's call to receive, under way; part of what the front end keeps for it
 * @ops: the front end's
 * @area: where in the current task's memory the input buffers go, 8-aligned
 * @need: bytes there that the request takes
 */
struct qtee_receipt {
	const struct qtee_receipt_ops *ops;
	void __user *area;
	u64 need;
};

/**
 * qtee_receipt_place() - where the next input buffer goes
 * @need: bytes that those before it take; comes back with this one among them
 * @size: of the buffer
 *
 * Return: its offset in the area, 8-aligned.
 */
static inline u64 qtee_receipt_place(u64 *need, u64 size)
{
	u64 at = ALIGN(*need, 8);

	*need = at + size;
	return at;
}

int qtee_server_receive(struct qtee_server *server, bool nonblock, struct qtee_receipt *receipt);

/**
 * struct qtee_answer - a user's answer to a request
 * @request: its id
 * @result: the object's own result; if it is not 0 the rest does not matter
 * @count: how many arguments were added
 * @kind: of each, enum qtee_arg_kind
 * @buffers: how many output buffers are among them
 * @buffer: those: memory of the current task
 * @objects: how many output objects are among them
 * @object: those, with references
 *
 * Begun by setting @request and @result, and zero for the counts.
 */
struct qtee_answer {
	u32 request;
	s32 result;
	u8 count;
	u8 buffers;
	u8 objects;
	u8 kind[QTEE_ARGS_MAX];
	struct {
		const void __user *from;
		u64 size;
	} buffer[QTEE_ARGS_PER_KIND];
	struct qtee_object *object[QTEE_ARGS_PER_KIND];
};

int qtee_answer_add(struct qtee_answer *answer, enum qtee_arg_kind kind);
int qtee_answer_add_buffer(struct qtee_answer *answer, const void __user *from, u64 size);
int qtee_answer_add_object(struct qtee_answer *answer, struct qtee_object *object);
void qtee_answer_drop(struct qtee_answer *answer);
int qtee_server_reply(struct qtee_server *server, struct qtee_answer *answer);
void qtee_server_request_fail(struct qtee_server *server, u32 id, int error);

#endif /* _LINUX_QTEE_SERVER_H */
