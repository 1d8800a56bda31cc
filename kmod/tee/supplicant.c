// SPDX-License-Identifier: GPL-2.0-only
/* SUPPL_RECV and SUPPL_SEND: threads of a file serve the callback objects that were passed through it. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>

#include "tee.h"

/* The first parameter of both says which request it is. */
#define QTEE_TEE_META_RECEIVE	(TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT | TEE_IOCTL_PARAM_ATTR_META)
#define QTEE_TEE_META_SEND	(TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT | TEE_IOCTL_PARAM_ATTR_META)

/**
 * struct qtee_tee_request - what a SUPPL_RECV is told
 * @head: operation, how many parameters
 * @params: them
 */
struct qtee_tee_request {
	struct tee_iocl_supp_recv_arg head;
	struct tee_ioctl_param params[1 + QTEE_ARGS_MAX];
};

static_assert(offsetof(struct qtee_tee_request, params) == offsetof(struct tee_iocl_supp_recv_arg, params));

/**
 * struct qtee_tee_receipt - a SUPPL_RECV under way
 * @receipt: what the server knows of it
 * @file: the file
 * @request: what the caller gets
 * @user: where it goes
 * @size: bytes in the caller's area
 * @room: parameters that it has room for
 */
struct qtee_tee_receipt {
	struct qtee_receipt receipt;
	struct qtee_tee_file *file;
	struct qtee_tee_request *request;
	void __user *user;
	u64 size;
	u32 room;
};

static struct qtee_tee_receipt *qtee_tee_receipt_from(struct qtee_receipt *receipt)
{
	return container_of(receipt, struct qtee_tee_receipt, receipt);
}

static void qtee_tee_receipt_head(struct qtee_tee_request *out, u32 func, u64 object, u32 id, u32 count)
{
	out->head.func = func;
	out->head.num_params = count;
	out->params[0] = (struct tee_ioctl_param){ .attr = QTEE_TEE_META_RECEIVE, .a = object, .b = id };
}

/* Tells the caller. Returns 0 or -EFAULT. */
static int qtee_tee_receipt_write(const struct qtee_tee_receipt *own)
{
	const struct qtee_tee_request *out = own->request;
	size_t size = offsetof(struct qtee_tee_request, params) + out->head.num_params * sizeof(out->params[0]);

	return copy_to_user(own->user, out, size) ? -EFAULT : 0;
}

static struct tee_ioctl_param qtee_tee_receipt_param(struct qtee_receipt *receipt, const struct qtee_arg *arg)
{
	struct tee_ioctl_param param = {};

	switch (arg->kind) {
	case QTEE_ARG_IB:
		param.attr = TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT;
		param.a = (uintptr_t)receipt->area + qtee_receipt_place(&receipt->need, arg->buffer.size);
		param.b = arg->buffer.size;
		break;
	case QTEE_ARG_OB:
		param.attr = TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT;
		param.b = arg->buffer.size;
		break;
	case QTEE_ARG_IO:
		param.attr = TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT;
		break;
	default:
		param.attr = TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT;
	}
	return param;
}

static int qtee_tee_receipt_describe(struct qtee_receipt *receipt, const struct qtee_server_request *request)
{
	struct qtee_tee_receipt *own = qtee_tee_receipt_from(receipt);
	const struct qtee_args *args = request->args;
	unsigned int i;

	qtee_tee_receipt_head(own->request, request->op, request->object, request->id, args->count + 1);
	for (i = 0; i < args->count; i++)
		own->request->params[i + 1] = qtee_tee_receipt_param(receipt, &args->arg[i]);
	return args->count + 1 > own->room || receipt->need > own->size ? -ENOSPC : 0;
}

static int qtee_tee_receipt_finish(struct qtee_receipt *receipt, struct qtee_object **objects)
{
	struct qtee_tee_receipt *own = qtee_tee_receipt_from(receipt);
	struct tee_ioctl_param *params = own->request->params;
	u32 i, given = 1;
	int ret = 0;

	for (i = 1; i < own->request->head.num_params; i++) {
		if (params[i].attr != TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT)
			continue;
		if (ret) {
			qtee_object_put(*objects++);
			continue;
		}
		ret = qtee_tee_param_give(own->file, &params[i], *objects++);
		if (!ret)
			given = i + 1;
	}
	if (!ret)
		ret = qtee_tee_receipt_write(own);
	for (i = 1; ret && i < given; i++)
		if (params[i].attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT)
			qtee_tee_param_take_back(own->file, &params[i]);
	return ret;
}

static int qtee_tee_receipt_released(struct qtee_receipt *receipt, u64 object)
{
	struct qtee_tee_receipt *own = qtee_tee_receipt_from(receipt);

	qtee_tee_receipt_head(own->request, QTEE_OP_RELEASE, object, 0, 1);
	return qtee_tee_receipt_write(own);
}

static const struct qtee_receipt_ops qtee_tee_receipt_ops = {
	.describe = qtee_tee_receipt_describe,
	.finish = qtee_tee_receipt_finish,
	.released = qtee_tee_receipt_released,
};

/*
 * The call can tell nothing but an errno when it fails, so what would have been enough goes to the caller's area:
 * bytes, and parameters with the first, 64 bits each. An area that has no room for that stays as it is.
 */
static int qtee_tee_receive_small(struct qtee_tee_receipt *own)
{
	const u64 need[] = { own->receipt.need, own->request->head.num_params };

	if (own->size >= sizeof(need) && copy_to_user(own->receipt.area, need, sizeof(need)))
		return -EFAULT;
	return -ENOSPC;
}

/* A function of its own: its caller has most of 2 KiB of parameters on the stack. */
static noinline int qtee_tee_receive_run(struct qtee_tee_file *file, struct qtee_tee_request *request,
					 void __user *user)
{
	struct tee_ioctl_param *params = request->params;
	struct qtee_tee_receipt own = {
		.receipt.ops = &qtee_tee_receipt_ops,
		.file = file,
		.request = request,
		.user = user,
		.room = request->head.num_params,
	};
	u32 i;
	int ret;

	if (!own.room || params[0].attr != QTEE_TEE_META_RECEIVE)
		return -EINVAL;
	own.receipt.area = u64_to_user_ptr(params[0].a);
	own.size = params[0].b;
	if (!IS_ALIGNED(params[0].a, 8))
		return -EINVAL;
	for (i = 1; i < min(own.room, ARRAY_SIZE(request->params)); i++)
		if (params[i].attr)
			return -EINVAL;

	ret = qtee_server_receive(&file->server, false, &own.receipt);
	return ret == -ENOSPC ? qtee_tee_receive_small(&own) : ret;
}

/**
 * qtee_tee_receive() - the ioctl
 * @file: the open file
 * @user: the caller's header and parameters: the first is the caller's area for input buffers, 8-aligned, the others
 *	are empty; out: the request. An operation of QTEE_OP_RELEASE says that QTEE let an object go, and takes no
 *	answer
 * @size: bytes there
 *
 * Return: 0; -EINTR when a signal came; -EINVAL for parameters that are not so; -ENOSPC when the request does not fit,
 *	and then the area says what it needs; -EFAULT, -ENOMEM. When it fails the request waits for the next who
 *	receives.
 */
int qtee_tee_receive(struct qtee_tee_file *file, void __user *user, u64 size)
{
	/* Read no further than it is copied. */
	struct qtee_tee_request request __uninitialized;

	if (size < sizeof(request.head))
		return -EINVAL;
	/* Room for more parameters than there can be is not looked at. */
	if (copy_from_user(&request, user, min(size, sizeof(request))))
		return -EFAULT;
	if (size != sizeof(request.head) + (u64)request.head.num_params * sizeof(request.params[0]))
		return -EINVAL;
	return qtee_tee_receive_run(file, &request, user);
}

/*
 * What QTEE is told for a server's answer. Codes of the transport are its own language, and pass; any other negative
 * one is an errno, as mainline takes it.
 */
static s32 qtee_tee_send_result(s32 ret)
{
	if (ret >= 0 || (ret <= QTEE_RESULT_DEFUNCT && ret >= QTEE_RESULT_TIMEOUT))
		return ret;
	return qtee_error_result(ret);
}

static int qtee_tee_send_add(struct qtee_tee_file *file, struct qtee_answer *answer,
			     const struct tee_ioctl_param *param)
{
	struct qtee_object *object;

	switch (param->attr) {
	case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT:
		return qtee_answer_add(answer, QTEE_ARG_IB);
	case TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT:
		return qtee_answer_add(answer, QTEE_ARG_IO);
	case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT:
		return qtee_answer_add_buffer(answer, u64_to_user_ptr(param->a), param->b);
	case TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT:
		object = qtee_tee_param_object(file, param);
		if (IS_ERR(object))
			return PTR_ERR(object);
		return qtee_answer_add_object(answer, object);
	default:
		return -EINVAL;
	}
}

/**
 * qtee_tee_send() - the ioctl
 * @file: the open file
 * @user: the caller's header, with the object's answer: a result, or an errno; and parameters: the first says which
 *	request; the others, if the answer is 0, are those of the request, in the same order
 * @size: bytes there
 *
 * A client does not answer again when its answer is refused. So the request fails with it, unless there is none.
 *
 * Return: 0; -EINVAL for a request that there is not, and for parameters that are not those of the request; -EFAULT,
 *	-EINTR, -ENOMEM.
 */
int qtee_tee_send(struct qtee_tee_file *file, void __user *user, u64 size)
{
	struct tee_iocl_supp_send_arg __user *from = user;
	struct tee_iocl_supp_send_arg head;
	struct tee_ioctl_param param;
	struct qtee_answer answer;
	int error = 0;
	u32 i;

	if (size < sizeof(head))
		return -EINVAL;
	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (size < sizeof(head) + (u64)head.num_params * sizeof(param) || !head.num_params)
		return -EINVAL;
	if (copy_from_user(&param, &from->params[0], sizeof(param)))
		return -EFAULT;
	if (param.attr != QTEE_TEE_META_SEND || param.a > U32_MAX)
		return -EINVAL;
	answer.request = param.a;
	answer.result = qtee_tee_send_result(head.ret);
	answer.count = 0;
	answer.buffers = 0;
	answer.objects = 0;
	for (i = 1; i < head.num_params && !answer.result && !error; i++) {
		error = copy_from_user(&param, &from->params[i], sizeof(param)) ? -EFAULT : 0;
		if (!error)
			error = qtee_tee_send_add(file, &answer, &param);
	}
	if (!error)
		error = qtee_server_reply(&file->server, &answer);
	else
		qtee_answer_drop(&answer);

	if (error == -ENOENT)
		return -EINVAL;
	if (error)
		qtee_server_request_fail(&file->server, answer.request, error == -E2BIG ? -EINVAL : error);
	return error == -E2BIG ? -EINVAL : error;
}
