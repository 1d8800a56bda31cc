// SPDX-License-Identifier: GPL-2.0-only
/*
 * RECEIVE: a server thread takes the next request.
 *
 * The payload goes straight from the invoker's message to the server's memory. The invoker may be killed at any time,
 * and then waits for us to be done with its message; so that copy does not fault. Where it would, the request goes
 * back to the head of the queue, the memory is faulted in, and all begins again.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "user.h"

/**
 * struct qtee_user_receipt - a RECEIVE under way
 * @user: the caller's buffer
 * @size: bytes in it
 * @room: parameters that the caller has room for
 * @need: bytes that the request takes
 * @head: what the caller gets
 * @params: and its parameters
 */
struct qtee_user_receipt {
	void __user *user;
	u64 size;
	u32 room;
	u64 need;
	struct qcom_tee_cb_arg head;
	struct qcom_tee_param params[QCOM_TEE_PARAMS_MAX];
};

static_assert(sizeof(struct qcom_tee_cb_arg) == 24);
static_assert(offsetof(struct qtee_user_receipt, params) ==
	      offsetof(struct qtee_user_receipt, head) + sizeof(struct qcom_tee_cb_arg));

static size_t qtee_user_receipt_head_size(const struct qtee_user_receipt *receipt)
{
	return sizeof(receipt->head) + receipt->head.num_params * sizeof(receipt->params[0]);
}

/* Describes buffers, and adds up what they need behind the parameters. Offsets stand in addr for now. */
static void qtee_user_receipt_measure(struct qtee_user_receipt *receipt, const struct qtee_user_request *request)
{
	const struct qtee_args *args = request->args;
	unsigned int i;

	receipt->head = (struct qcom_tee_cb_arg){
		.id = request->object,
		.request_id = request->id,
		.op = request->op,
		.num_params = args->count,
	};
	receipt->need = qtee_user_receipt_head_size(receipt);
	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];
		struct qcom_tee_param *param = &receipt->params[i];

		/* The padding is for the user's eyes too. */
		memset(param, 0, sizeof(*param));
		param->attr = arg->kind <= QTEE_ARG_OB ? QCOM_TEE_BUFFER : QCOM_TEE_OBJECT_NULL;
		param->direction = arg->kind == QTEE_ARG_IB || arg->kind == QTEE_ARG_IO;
		if (arg->kind > QTEE_ARG_OB)
			continue;
		param->buffer.len = arg->buffer.size;
		if (arg->kind == QTEE_ARG_IB) {
			receipt->need = ALIGN(receipt->need, 8);
			param->buffer.addr = receipt->need;
			receipt->need += arg->buffer.size;
		}
	}
}

/* Copies the input buffers, without faulting. Returns 0 or -EFAULT. */
static int qtee_user_receipt_payload(struct qtee_user_receipt *receipt, const struct qtee_user_request *request)
{
	const struct qtee_args *args = request->args;
	unsigned int i;
	int ret = 0;

	if (!access_ok(receipt->user, receipt->need))
		return -EFAULT;

	pagefault_disable();
	for (i = 0; i < args->count && !ret; i++) {
		struct qcom_tee_param *param = &receipt->params[i];

		if (args->arg[i].kind != QTEE_ARG_IB)
			continue;
		if (__copy_to_user_inatomic(receipt->user + param->buffer.addr, args->arg[i].buffer.addr,
					    args->arg[i].buffer.size))
			ret = -EFAULT;
	}
	pagefault_enable();
	return ret;
}

/* Takes references to the input objects, while the invoker's arguments can be looked at. */
static void qtee_user_receipt_objects(const struct qtee_user_request *request, struct qtee_object **objects)
{
	const struct qtee_args *args = request->args;
	unsigned int i;

	for (i = 0; i < args->count; i++)
		if (args->arg[i].kind == QTEE_ARG_IO)
			*objects++ = qtee_object_get(args->arg[i].object);
}

/* Names the objects to the caller, and gives it header and parameters. Takes the references in every case. */
static int qtee_user_receipt_finish(struct qtee_user_receipt *receipt, struct qtee_object **objects)
{
	struct qtee_user_files files = {};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < receipt->head.num_params; i++) {
		struct qcom_tee_param *param = &receipt->params[i];

		if (param->attr == QCOM_TEE_BUFFER) {
			if (param->direction)
				param->buffer.addr += (uintptr_t)receipt->user;
			continue;
		}
		if (!param->direction)
			continue;
		if (ret)
			qtee_object_put(*objects++);
		else
			ret = qtee_user_param_give(param, *objects++, &files);
	}

	if (!ret && copy_to_user(receipt->user, &receipt->head, qtee_user_receipt_head_size(receipt)))
		ret = -EFAULT;
	if (ret)
		qtee_user_files_drop(&files);
	else
		qtee_user_files_install(&files);
	return ret;
}

/* No thread knows of a request that was handed over. If one is busy with it, by a guess, that one puts it back. */
static void qtee_user_request_undelivered(struct qtee_user_server *server, struct qtee_user_request *request)
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
		qtee_user_request_put(request);
	else
		qtee_user_request_idle(server, request, true);
}

/* Hands a request over. Returns 0; -EAGAIN when the caller's memory was faulted in and it should be tried again. */
static int qtee_user_receive_request(struct qtee_user_server *server, struct qtee_user_request *request,
				     struct qtee_user_receipt *receipt)
{
	struct qtee_object *objects[QTEE_ARGS_PER_KIND];
	int ret;

	qtee_user_receipt_measure(receipt, request);
	if (receipt->need > receipt->size || receipt->head.num_params > receipt->room) {
		qtee_user_request_idle(server, request, true);
		return -ENOSPC;
	}

	ret = qtee_user_receipt_payload(receipt, request);
	if (ret) {
		qtee_user_request_idle(server, request, true);
		if (fault_in_writeable(receipt->user, receipt->need))
			return -EFAULT;
		return -EAGAIN;
	}

	qtee_user_receipt_objects(request, objects);
	/* The invoker's message is not looked at from here on; the request is still there by its id. */
	refcount_inc(&request->refs);
	qtee_user_request_idle(server, request, false);

	ret = qtee_user_receipt_finish(receipt, objects);
	if (!ret) {
		qtee_user_request_put(request);
		return 0;
	}

	/* The caller does not know of the request; somebody should. */
	qtee_user_request_undelivered(server, request);
	return ret;
}

/* Hands a notification over. */
static int qtee_user_receive_release(struct qtee_user_server *server, struct qtee_user_object *callback,
				     struct qtee_user_receipt *receipt)
{
	receipt->head = (struct qcom_tee_cb_arg){
		.id = callback->id,
		.op = QCOM_TEE_OP_RELEASE,
	};
	if (copy_to_user(receipt->user, &receipt->head, sizeof(receipt->head))) {
		scoped_guard(spinlock, &server->lock)
			list_add(&callback->item.node, &server->queue);
		wake_up_interruptible_poll(&server->wait, EPOLLIN | EPOLLRDNORM);
		return -EFAULT;
	}
	qtee_user_object_free(callback);
	return 0;
}

/* The oldest item, out of the queue; a request of it is ours and busy. NULL when there is none. */
static struct qtee_user_item *qtee_user_receive_next(struct qtee_user_server *server)
{
	struct qtee_user_item *item;

	spin_lock(&server->lock);
	item = list_first_entry_or_null(&server->queue, struct qtee_user_item, node);
	if (item)
		list_del_init(&item->node);
	if (item && item->request) {
		struct qtee_user_request *request = container_of(item, struct qtee_user_request, item);

		request->state = QTEE_USER_PROCESSING;
		request->busy = true;
		request->undelivered = false;
		refcount_inc(&request->refs);
	}
	spin_unlock(&server->lock);
	return item;
}

/**
 * qtee_user_receive() - receive the next item
 * @server: the server
 * @nonblock: do not wait for one
 * @buf: user address of a struct qcom_tee_cb_arg
 * @len: bytes there; out: what is needed, when -ENOSPC is returned
 *
 * Return: as QCOM_TEE_IOCTL_RECEIVE says.
 */
int qtee_user_receive(struct qtee_user_server *server, bool nonblock, void __user *buf, u64 *len)
{
	struct qtee_user_receipt receipt;
	struct qtee_user_item *item;
	int ret;

	if (*len < sizeof(receipt.head))
		return -EINVAL;
	receipt.user = buf;
	receipt.size = *len;
	if (copy_from_user(&receipt.head, receipt.user, sizeof(receipt.head)))
		return -EFAULT;
	receipt.room = receipt.head.num_params;
	if (receipt.room > QCOM_TEE_PARAMS_MAX ||
	    *len < sizeof(receipt.head) + receipt.room * sizeof(receipt.params[0]))
		return -EINVAL;

	do {
		item = qtee_user_receive_next(server);
		if (!item) {
			if (nonblock)
				return -EAGAIN;
			if (wait_event_interruptible_exclusive(server->wait, !list_empty_careful(&server->queue)))
				return -EINTR;
			ret = -EAGAIN;
			continue;
		}
		if (item->request)
			ret = qtee_user_receive_request(server, container_of(item, struct qtee_user_request, item),
							&receipt);
		else
			ret = qtee_user_receive_release(server, container_of(item, struct qtee_user_object, item),
							&receipt);
		/* Memory that comes and goes makes this go round; a signal ends it. */
		if (ret == -EAGAIN && signal_pending(current))
			return -EINTR;
	} while (ret == -EAGAIN);

	if (ret == -ENOSPC) {
		*len = receipt.need;
		if (copy_to_user(receipt.user + offsetof(struct qcom_tee_cb_arg, num_params), &receipt.head.num_params,
				 sizeof(receipt.head.num_params)))
			ret = -EFAULT;
	}
	return ret;
}
