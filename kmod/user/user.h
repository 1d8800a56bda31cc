/* SPDX-License-Identifier: GPL-2.0-only */
/* The user API: /dev/qtee, /dev/qtee-ree, and the files of TEE objects. */
#ifndef _QTEE_USER_H
#define _QTEE_USER_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/qtee.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>
#include <misc/qcom_tee.h>

/**
 * enum qtee_user_state - life of a callback request
 * @QTEE_USER_NEW: made, not yet to be seen by a server thread
 * @QTEE_USER_PENDING: in the server's queue
 * @QTEE_USER_PROCESSING: a server thread has received it, or is about to
 * @QTEE_USER_PROCESSED: the answer is there
 * @QTEE_USER_TIMEDOUT: the invoker waits no longer
 */
enum qtee_user_state {
	QTEE_USER_NEW,
	QTEE_USER_PENDING,
	QTEE_USER_PROCESSING,
	QTEE_USER_PROCESSED,
	QTEE_USER_TIMEDOUT,
};

/**
 * struct qtee_user_item - what a server's queue holds: a request, or the notification of a release
 * @node: in the queue, or empty
 * @request: whether this is part of a struct qtee_user_request, else of a struct qtee_user_object
 *
 * Locking: the server's lock.
 */
struct qtee_user_item {
	struct list_head node;
	bool request;
};

/**
 * struct qtee_user_server - an open of /dev/qtee-ree
 * @refs: the open file, and each object that the server hosts
 * @lock: everything below, and state and busy of its requests. Nests outside the xa_lock of @requests and of nothing
 *	else; nothing that sleeps is done under it.
 * @dead: the file is closed
 * @timeout_ms: how long an invoker waits; 0: for ever. Read and written whole, without the lock
 * @queue: items to be received, oldest first
 * @requests: requests by id, from when they are pending until the invoker has its answer
 * @next: for ids
 * @wait: threads in RECEIVE, one of which is woken per item, and pollers
 */
struct qtee_user_server {
	struct kref refs;
	spinlock_t lock;
	bool dead;
	u32 timeout_ms;
	struct list_head queue;
	struct xarray requests;
	u32 next;
	wait_queue_head_t wait;
};

/**
 * struct qtee_user_object - a callback object of a server
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
struct qtee_user_object {
	struct qtee_object object;
	struct qtee_user_item item;
	struct qtee_user_server *server;
	u64 id;
	bool quiet;
	struct rcu_head rcu;
};

/**
 * struct qtee_user_request - a callback that a server is to serve
 * @item: in the queue
 * @refs: the invoker, and whoever is busy with it
 * @id: names it in REPLY; never 0
 * @object: the server's number for the object
 * @op: operation
 * @state: enum qtee_user_state
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
struct qtee_user_request {
	struct qtee_user_item item;
	refcount_t refs;
	u32 id;
	u64 object;
	u32 op;
	enum qtee_user_state state;
	bool busy;
	bool undelivered;
	int error;
	struct qtee_args *args;
	wait_queue_head_t wait;
};

/* server.c */
extern const struct file_operations qtee_user_server_fops;
struct qtee_user_server *qtee_user_server_get(u64 fd);
void qtee_user_server_put(struct qtee_user_server *server);
int qtee_user_server_fd(const struct qtee_user_server *server);
int qtee_user_server_queue(struct qtee_user_server *server, struct qtee_user_item *item);

/* callback.c */
struct qtee_object *qtee_user_callback_new(s32 fd, u64 id);
struct qtee_user_object *qtee_user_callback_from(struct qtee_object *object);
void qtee_user_request_put(struct qtee_user_request *request);
void qtee_user_request_idle(struct qtee_user_server *server, struct qtee_user_request *request, bool undelivered);
void qtee_user_object_free(struct qtee_user_object *object);

/* object.c */
extern const struct file_operations qtee_user_root_fops;
struct qtee_object *qtee_user_object_get(u64 fd);
struct file *qtee_user_object_file(struct qtee_object *object);

/**
 * struct qtee_user_files - files that become fds when all else has succeeded
 * @count: how many there are
 * @fd: reserved numbers
 * @file: the files, with a reference each
 */
struct qtee_user_files {
	unsigned int count;
	int fd[QTEE_ARGS_PER_KIND];
	struct file *file[QTEE_ARGS_PER_KIND];
};

/* param.c */
struct qtee_object *qtee_user_param_object(const struct qcom_tee_param *param);
int qtee_user_param_give(struct qcom_tee_param *param, struct qtee_object *object, struct qtee_user_files *files);
bool qtee_user_param_possible(const struct qtee_object *object, const struct qtee_user_server *server);
void qtee_user_files_install(struct qtee_user_files *files);
void qtee_user_files_drop(struct qtee_user_files *files);

/* invoke.c */
long qtee_user_invoke(struct qtee_object *object, unsigned long arg);

/* receive.c, reply.c: on a buffer of the current task; a receive that fails with -ENOSPC sets len to what is needed */
int qtee_user_receive(struct qtee_user_server *server, bool nonblock, void __user *buf, u64 *len);
int qtee_user_reply(struct qtee_user_server *server, void __user *buf, u64 len);

/* buffer.c */
struct file *qtee_user_buffer_file(u64 *size, u32 flags, u32 fd_flags);
struct file *qtee_user_buffer_begin(s32 fd, struct qtee_context *context);
void qtee_user_buffer_end(struct file *file, const struct qtee_context *context);
u32 qtee_user_buffer_size(const struct file *file);

/* alloc.c */
long qtee_user_alloc(const struct qcom_tee_ioctl_data *data);

/* version.c */
long qtee_user_version(const struct qcom_tee_ioctl_data *data);

#endif /* _QTEE_USER_H */
