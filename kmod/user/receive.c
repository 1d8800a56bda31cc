// SPDX-License-Identifier: GPL-2.0-only
/* RECEIVE: how a request looks to a user. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "user.h"

/**
 * struct qtee_user_receipt - a RECEIVE under way
 * @receipt: what the server knows of it
 * @user: the caller's buffer
 * @size: bytes in it
 * @room: parameters that the caller has room for
 * @head: what the caller gets
 * @params: and its parameters
 */
struct qtee_user_receipt {
	struct qtee_receipt receipt;
	void __user *user;
	u64 size;
	u32 room;
	struct qcom_tee_cb_arg head;
	struct qcom_tee_param params[QCOM_TEE_PARAMS_MAX];
};

static_assert(sizeof(struct qcom_tee_cb_arg) == 24);
static_assert(offsetof(struct qtee_user_receipt, params) ==
	      offsetof(struct qtee_user_receipt, head) + sizeof(struct qcom_tee_cb_arg));

static struct qtee_user_receipt *qtee_user_receipt_from(struct qtee_receipt *receipt)
{
	return container_of(receipt, struct qtee_user_receipt, receipt);
}

static size_t qtee_user_receipt_head_size(const struct qtee_user_receipt *own)
{
	return sizeof(own->head) + own->head.num_params * sizeof(own->params[0]);
}

/* Describes buffers, and adds up what they need behind the parameters. */
static int qtee_user_receipt_describe(struct qtee_receipt *receipt, const struct qtee_server_request *request)
{
	struct qtee_user_receipt *own = qtee_user_receipt_from(receipt);
	const struct qtee_args *args = request->args;
	unsigned int i;

	own->head = (struct qcom_tee_cb_arg){
		.id = request->object,
		.request_id = request->id,
		.op = request->op,
		.num_params = args->count,
	};
	receipt->area = own->user + qtee_user_receipt_head_size(own);
	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];
		struct qcom_tee_param *param = &own->params[i];

		/* The padding is for the user's eyes too. */
		memset(param, 0, sizeof(*param));
		param->attr = arg->kind <= QTEE_ARG_OB ? QCOM_TEE_BUFFER : QCOM_TEE_OBJECT_NULL;
		param->direction = arg->kind == QTEE_ARG_IB || arg->kind == QTEE_ARG_IO;
		if (arg->kind > QTEE_ARG_OB)
			continue;
		param->buffer.len = arg->buffer.size;
		if (arg->kind == QTEE_ARG_IB)
			param->buffer.addr = (uintptr_t)receipt->area +
					     qtee_receipt_place(&receipt->need, arg->buffer.size);
	}
	if (own->head.num_params > own->room || qtee_user_receipt_head_size(own) + receipt->need > own->size)
		return -ENOSPC;
	return 0;
}

/* Names the objects to the caller, and gives it header and parameters. */
static int qtee_user_receipt_finish(struct qtee_receipt *receipt, struct qtee_object **objects)
{
	struct qtee_user_receipt *own = qtee_user_receipt_from(receipt);
	struct qtee_user_files files = {};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < own->head.num_params; i++) {
		struct qcom_tee_param *param = &own->params[i];

		if (param->attr == QCOM_TEE_BUFFER || !param->direction)
			continue;
		if (ret)
			qtee_object_put(*objects++);
		else
			ret = qtee_user_param_give(param, *objects++, &files);
	}

	if (!ret && copy_to_user(own->user, &own->head, qtee_user_receipt_head_size(own)))
		ret = -EFAULT;
	if (ret)
		qtee_user_files_drop(&files);
	else
		qtee_user_files_install(&files);
	return ret;
}

static int qtee_user_receipt_released(struct qtee_receipt *receipt, u64 object)
{
	struct qtee_user_receipt *own = qtee_user_receipt_from(receipt);

	own->head = (struct qcom_tee_cb_arg){
		.id = object,
		.op = QCOM_TEE_OP_RELEASE,
	};
	return copy_to_user(own->user, &own->head, sizeof(own->head)) ? -EFAULT : 0;
}

static const struct qtee_receipt_ops qtee_user_receipt_ops = {
	.describe = qtee_user_receipt_describe,
	.finish = qtee_user_receipt_finish,
	.released = qtee_user_receipt_released,
};

/**
 * qtee_user_receive() - receive the next item
 * @server: the server
 * @nonblock: do not wait for one
 * @buf: user address of a struct qcom_tee_cb_arg
 * @len: bytes there; out: what is needed, when -ENOSPC is returned
 *
 * Return: as QCOM_TEE_IOCTL_RECEIVE says.
 */
int qtee_user_receive(struct qtee_server *server, bool nonblock, void __user *buf, u64 *len)
{
	struct qtee_user_receipt own;
	int ret;

	if (*len < sizeof(own.head))
		return -EINVAL;
	own.receipt.ops = &qtee_user_receipt_ops;
	own.user = buf;
	own.size = *len;
	if (copy_from_user(&own.head, own.user, sizeof(own.head)))
		return -EFAULT;
	own.room = own.head.num_params;
	if (own.room > QCOM_TEE_PARAMS_MAX || *len < sizeof(own.head) + own.room * sizeof(own.params[0]))
		return -EINVAL;

	ret = qtee_server_receive(server, nonblock, &own.receipt);
	if (ret == -ENOSPC) {
		*len = qtee_user_receipt_head_size(&own) + own.receipt.need;
		if (copy_to_user(own.user + offsetof(struct qcom_tee_cb_arg, num_params), &own.head.num_params,
				 sizeof(own.head.num_params)))
			ret = -EFAULT;
	}
	return ret;
}
