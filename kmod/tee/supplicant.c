// SPDX-License-Identifier: GPL-2.0-only
/* SUPPL_RECV and SUPPL_SEND: threads of a file serve the callback objects that were passed through it. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/uaccess.h>

#include "tee.h"

/* The first parameter of both says which request it is. */
#define QTEE_TEE_META_RECEIVE	(TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT | TEE_IOCTL_PARAM_ATTR_META)
#define QTEE_TEE_META_SEND	(TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT | TEE_IOCTL_PARAM_ATTR_META)

/**
 * struct qtee_tee_receipt - a SUPPL_RECV under way
 * @receipt: what the server knows of it
 * @file: the file
 * @params: what the caller gets
 * @size: bytes in the caller's area
 * @room: parameters that it has room for
 * @count: parameters of the request
 * @func: its operation
 */
struct qtee_tee_receipt {
	struct qtee_receipt receipt;
	struct qtee_tee_file *file;
	struct tee_param *params;
	u64 size;
	u32 room;
	u32 count;
	u32 func;
};

static struct qtee_tee_receipt *qtee_tee_receipt_from(struct qtee_receipt *receipt)
{
	return container_of(receipt, struct qtee_tee_receipt, receipt);
}

static void qtee_tee_receipt_head(struct qtee_tee_receipt *own, u32 func, u64 object, u32 request, u32 count)
{
	own->func = func;
	own->count = count;
	own->params[0] = (struct tee_param){
		.attr = QTEE_TEE_META_RECEIVE,
		.u.value = { .a = object, .b = request },
	};
}

static struct tee_param qtee_tee_receipt_param(struct qtee_receipt *receipt, const struct qtee_arg *arg)
{
	struct tee_param param = {};

	switch (arg->kind) {
	case QTEE_ARG_IB:
		param.attr = TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT;
		param.u.ubuf.uaddr = receipt->area + qtee_receipt_place(&receipt->need, arg->buffer.size);
		param.u.ubuf.size = arg->buffer.size;
		break;
	case QTEE_ARG_OB:
		param.attr = TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT;
		param.u.ubuf.size = arg->buffer.size;
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

	qtee_tee_receipt_head(own, request->op, request->object, request->id, args->count + 1);
	for (i = 0; i < args->count; i++) {
		struct tee_param param = qtee_tee_receipt_param(receipt, &args->arg[i]);

		if (i + 1 < own->room)
			own->params[i + 1] = param;
	}
	return own->count > own->room || receipt->need > own->size ? -ENOSPC : 0;
}

static int qtee_tee_receipt_finish(struct qtee_receipt *receipt, struct qtee_object **objects)
{
	struct qtee_tee_receipt *own = qtee_tee_receipt_from(receipt);
	u32 i, given = 1;
	int ret = 0;

	for (i = 1; i < own->count; i++) {
		if (own->params[i].attr != TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT)
			continue;
		if (ret) {
			qtee_object_put(*objects++);
			continue;
		}
		ret = qtee_tee_param_give(own->file, &own->params[i], *objects++);
		if (!ret)
			given = i + 1;
	}
	for (i = 1; ret && i < given; i++)
		if (own->params[i].attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT)
			qtee_tee_param_take_back(own->file, &own->params[i]);
	return ret;
}

static int qtee_tee_receipt_released(struct qtee_receipt *receipt, u64 object)
{
	qtee_tee_receipt_head(qtee_tee_receipt_from(receipt), QTEE_OP_RELEASE, object, 0, 1);
	return 0;
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
	const u64 need[] = { own->receipt.need, own->count };

	if (own->size >= sizeof(need) && copy_to_user(own->receipt.area, need, sizeof(need)))
		return -EFAULT;
	return -ENOSPC;
}

/**
 * qtee_tee_receive() - the ioctl
 * @context: the file's
 * @func: out: operation; QTEE_OP_RELEASE says that QTEE let an object go, and takes no answer
 * @num_params: parameters that there is room for; out: how many there are
 * @params: the first is the caller's area for input buffers, 8-aligned, the others are empty; out: the request
 *
 * Return: 0; -EINTR when a signal came; -EINVAL for parameters that are not so; -ENOSPC when the request does not fit,
 *	and then it waits for the next who receives, and the area says what it needs; -EFAULT, -ENOMEM.
 */
int qtee_tee_receive(struct tee_context *context, u32 *func, u32 *num_params, struct tee_param *params)
{
	struct qtee_tee_file *file = context->data;
	struct qtee_tee_receipt own = {
		.receipt.ops = &qtee_tee_receipt_ops,
		.file = file,
		.params = params,
		.room = *num_params,
	};
	u32 i;
	int ret;

	if (!own.room || params[0].attr != QTEE_TEE_META_RECEIVE)
		return -EINVAL;
	own.receipt.area = u64_to_user_ptr(params[0].u.value.a);
	own.size = params[0].u.value.b;
	if (!IS_ALIGNED(params[0].u.value.a, 8))
		return -EINVAL;
	for (i = 1; i < own.room; i++)
		if (params[i].attr)
			return -EINVAL;

	ret = qtee_server_receive(&file->server, false, &own.receipt);
	if (ret)
		return ret == -ENOSPC ? qtee_tee_receive_small(&own) : ret;
	*func = own.func;
	*num_params = own.count;
	return 0;
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

static int qtee_tee_send_add(struct qtee_tee_file *file, struct qtee_answer *answer, const struct tee_param *param)
{
	struct qtee_object *object;

	switch (param->attr) {
	case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT:
		return qtee_answer_add(answer, QTEE_ARG_IB);
	case TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT:
		return qtee_answer_add(answer, QTEE_ARG_IO);
	case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT:
		return qtee_answer_add_buffer(answer, param->u.ubuf.uaddr, param->u.ubuf.size);
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
 * @context: the file's
 * @ret: the object's answer: a result, or an errno
 * @num_params: how many parameters
 * @params: the first says which request; the others, if @ret is 0, are those of the request, in the same order
 *
 * A client does not answer again when its answer is refused. So the request fails with it, unless there is none.
 *
 * Return: 0; -EINVAL for a request that there is not, and for parameters that are not those of the request; -EFAULT,
 *	-EINTR, -ENOMEM.
 */
int qtee_tee_send(struct tee_context *context, u32 ret, u32 num_params, struct tee_param *params)
{
	struct qtee_tee_file *file = context->data;
	struct qtee_answer answer;
	int error = 0;
	u32 i;

	if (!num_params || params[0].attr != QTEE_TEE_META_SEND || params[0].u.value.a > U32_MAX)
		return -EINVAL;
	answer.request = params[0].u.value.a;
	answer.result = qtee_tee_send_result(ret);
	answer.count = 0;
	answer.buffers = 0;
	answer.objects = 0;
	for (i = 1; i < num_params && !answer.result && !error; i++)
		error = qtee_tee_send_add(file, &answer, &params[i]);
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
