// SPDX-License-Identifier: GPL-2.0-only
/* INVOKE. */
#include <linux/align.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>
#include <linux/wordpart.h>

#include "buffer.h"
#include "user.h"
#include "../compat.h"

/**
 * struct qtee_user_invocation - an INVOKE under way
 * @user: where the caller's header and parameters are
 * @head: the header, copied once
 * @params: those parameters that are no plain buffers, copied with it
 * @others: whether there are such
 * @buffer: fd of the caller's message buffer, as a u32, or -1
 */
struct qtee_user_invocation {
	struct qcom_tee_object_invoke_arg __user *user;
	struct qcom_tee_object_invoke_arg head;
	struct qcom_tee_param params[QCOM_TEE_PARAMS_MAX];
	bool others;
	s64 buffer;
};

static_assert(sizeof(struct qcom_tee_param) == 24);
static_assert(sizeof(struct qcom_tee_object_invoke_arg) == 16);
/* Two words hold every member of the union. */
static_assert(sizeof_field(struct qcom_tee_param, buffer) == sizeof_field(struct qcom_tee_param, object));
static_assert(sizeof_field(struct qcom_tee_param, buffer) == sizeof_field(struct qcom_tee_param, placed));

/*
 * Copies what the caller passes, head and parameters, once. A word at a time: most invocations have few parameters,
 * and a call of copy_from_user() costs as much as five of them. A parameter that is a buffer becomes an argument at
 * once, and its params entry is not set. Where buffers that have their place end, alignment, and that none is on
 * another, is the core's to check. Returns 0, -EFAULT, -EINVAL.
 */
static __always_inline int qtee_user_invoke_read(struct qtee_user_invocation *invocation, unsigned long user_arg,
						 struct qtee_args *args)
{
	const struct qcom_tee_ioctl_data __user *data = (void __user *)user_arg;
	struct qcom_tee_object_invoke_arg *head = &invocation->head;
	struct qcom_tee_object_invoke_arg __user *user;
	u64 ptr, len, sizes = 0, bytes = 0;
	u32 i, count, inputs = 0;
	bool sorted = true;

	if (!user_read_access_begin(data, sizeof(*data)))
		return -EFAULT;
	unsafe_get_user(ptr, &data->buf_ptr, err_fault);
	unsafe_get_user(len, &data->buf_len, err_fault);
	user_read_access_end();

	user = u64_to_user_ptr(ptr);
	invocation->user = user;
	if (len < sizeof(*head) || len > struct_size(head, params, QCOM_TEE_PARAMS_MAX))
		return -EINVAL;
	if (!user_read_access_begin(user, len))
		return -EFAULT;
	unsafe_get_user(head->op, &user->op, err_fault);
	unsafe_get_user(count, &user->num_params, err_fault);
	if (len != sizeof(*head) + (u64)count * sizeof(head->params[0]))
		goto err_inval;
	head->num_params = count;

	for (i = 0; i < count; i++) {
		struct qcom_tee_param *param = &invocation->params[i];
		const struct qcom_tee_param __user *from = &user->params[i];
		struct qtee_arg *arg = &args->arg[i];
		u32 attr, direction;
		u64 first, second;

		/* The union's two words, whichever of its members it is. */
		unsafe_get_user(attr, &from->attr, err_fault);
		unsafe_get_user(direction, &from->direction, err_fault);
		unsafe_get_user(first, &from->buffer.addr, err_fault);
		unsafe_get_user(second, &from->buffer.len, err_fault);
		if (likely(attr == QCOM_TEE_BUFFER)) {
			if (direction && inputs++ != i)
				sorted = false;
			arg->kind = direction ? QTEE_ARG_IB : QTEE_ARG_OB;
			arg->flags = QTEE_ARG_USER;
			arg->buffer.uaddr = u64_to_user_ptr(first);
			arg->buffer.size = second;
			sizes |= second;
			bytes += ALIGN(second, 8);
			continue;
		}
		/* In memory fd is in front of offset; an offset that wraps round is in the first page. */
		if (attr == QCOM_TEE_BUFFER_PLACED &&
		    (invocation->buffer < 0 || invocation->buffer == lower_32_bits(first))) {
			invocation->buffer = lower_32_bits(first);
			if (direction && inputs++ != i)
				sorted = false;
			arg->kind = direction ? QTEE_ARG_IB : QTEE_ARG_OB;
			arg->flags = QTEE_ARG_PLACED;
			arg->wire = PAGE_SIZE + upper_32_bits(first);
			arg->buffer.addr = NULL;
			arg->buffer.size = second;
			continue;
		}
		arg->kind = QTEE_ARG_KINDS;
		param->attr = attr;
		param->direction = direction;
		param->buffer.addr = first;
		param->buffer.len = second;
		invocation->others = true;
		sorted = false;
	}
	user_read_access_end();
	args->count = count;
	if (!count)
		return 0;
	args->plain = sorted && invocation->buffer < 0 && !upper_32_bits(sizes);
	args->in_place = sorted;
	args->inputs = inputs;
	args->bytes = bytes;
	return 0;

err_inval:
	user_read_access_end();
	return -EINVAL;
err_fault:
	user_read_access_end();
	return -EFAULT;
}

/*
 * Makes arguments of the parameters that are not plain buffers. On failure no object is held but those among the
 * arguments that args counts then. Returns 0 or an errno.
 */
static noinline int qtee_user_invoke_args(struct qtee_user_invocation *invocation, struct qtee_args *args)
{
	const unsigned int count = args->count;

	for (args->count = 0; args->count < count; args->count++) {
		const struct qcom_tee_param *param = &invocation->params[args->count];
		struct qtee_arg *arg = &args->arg[args->count];

		if (arg->kind != QTEE_ARG_KINDS)
			continue;
		arg->flags = 0;
		switch (param->attr) {
		case QCOM_TEE_OBJECT:
		case QCOM_TEE_OBJECT_NULL:
			arg->kind = param->direction ? QTEE_ARG_IO : QTEE_ARG_OO;
			arg->object = param->direction ? qtee_user_param_object(param) : NULL;
			if (IS_ERR(arg->object))
				return PTR_ERR(arg->object);
			break;
		default:
			/* Placed in a second message buffer, or nothing that there is. */
			return -EINVAL;
		}
	}
	return 0;
}

/* Gives the caller the output objects. On failure all of them are released. */
static noinline int qtee_user_invoke_objects(struct qtee_user_invocation *invocation, struct qtee_args *args,
					     struct qtee_user_files *files)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind != QTEE_ARG_OO)
			continue;
		if (ret)
			qtee_object_put(arg->object);
		else
			ret = qtee_user_param_give(&invocation->params[i], arg->object, files);
	}
	return ret;
}

/* Tells the caller the result, and the outputs if it is 0. Returns 0 or -EFAULT. */
static __always_inline int qtee_user_invoke_write(const struct qtee_user_invocation *invocation,
						  const struct qtee_args *args)
{
	struct qcom_tee_object_invoke_arg __user *user = invocation->user;
	unsigned int i;

	if (!user_write_access_begin(user, struct_size(user, params, invocation->head.num_params)))
		return -EFAULT;
	unsafe_put_user(invocation->head.result, &user->result, err_fault);
	for (i = 0; !invocation->head.result && i < args->count; i++) {
		const struct qcom_tee_param *param = &invocation->params[i];
		const struct qtee_arg *arg = &args->arg[i];
		struct qcom_tee_param __user *to = &user->params[i];

		if (arg->kind == QTEE_ARG_OB) {
			unsafe_put_user(arg->buffer.size, &to->buffer.len, err_fault);
		} else if (arg->kind == QTEE_ARG_OO) {
			unsafe_put_user(param->attr, &to->attr, err_fault);
			unsafe_put_user(param->object.id, &to->object.id, err_fault);
			unsafe_put_user(param->object.host_id, &to->object.host_id, err_fault);
		}
	}
	user_write_access_end();
	return 0;

err_fault:
	user_write_access_end();
	return -EFAULT;
}

/* An invocation whose parameters are not all plain buffers. Returns as the ioctl does. */
static noinline int qtee_user_invoke_others(struct qtee_user_invocation *invocation, struct qtee_context *context,
					    struct qtee_object *object, struct qtee_args *args)
{
	struct qtee_user_files files __uninitialized;
	struct qtee_inputs inputs __uninitialized;
	s32 *result = &invocation->head.result;
	int ret;

	files.count = 0;
	ret = qtee_user_invoke_args(invocation, args);
	if (!ret && object == &qtee_object_root)
		ret = qtee_root_user_check(invocation->head.op, args);
	ret = qtee_inputs_hold(&inputs, args, ret);
	if (ret)
		return ret;

	ret = qtee_object_invoke(context, object, invocation->head.op, args, result);
	qtee_inputs_put(&inputs, context->seen);
	if (ret)
		return ret;

	if (!*result)
		ret = qtee_user_invoke_objects(invocation, args, &files);
	/* QTEE has done its work: what came of it is lost, and the caller is told so. */
	if (ret == -EINVAL || ret == -EBADF)
		ret = -ENODEV;
	if (!ret)
		ret = qtee_user_invoke_write(invocation, args);
	if (ret)
		qtee_user_files_drop(&files);
	else
		qtee_user_files_install(&files);
	return ret;
}

/* An invocation with all that it needs. Returns as the ioctl does. */
static __always_inline int qtee_user_invoke(struct qtee_user_invocation *invocation, struct qtee_context *context,
					    struct qtee_object *object, struct qtee_args *args)
{
	int ret = 0;

	if (unlikely(invocation->others))
		return qtee_user_invoke_others(invocation, context, object, args);
	if (unlikely(object == &qtee_object_root))
		ret = qtee_root_user_check(invocation->head.op, args);
	if (!ret)
		ret = qtee_object_invoke(context, object, invocation->head.op, args, &invocation->head.result);
	return ret ?: qtee_user_invoke_write(invocation, args);
}

/* One with parameters in a message buffer. Returns as the ioctl does. */
static noinline int qtee_user_invoke_placed(struct qtee_user_invocation *invocation, struct qtee_context *context,
					    struct qtee_object *object, struct qtee_args *args)
{
	struct qtee_user_buffer *buffer;
	int ret;

	CLASS(fd, f)(invocation->buffer);
	buffer = qtee_user_buffer_begin(fd_file(f), context);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	ret = qtee_user_invoke(invocation, context, object, args);
	qtee_user_buffer_end(buffer, context, ret);
	return ret;
}

/**
 * qtee_user_object_ioctl() - the ioctls of an object's file, of which there is one
 * @file: its private data is root, or the TEE object
 * @cmd: QCOM_TEE_IOCTL_INVOKE
 * @arg: user address of a struct qcom_tee_ioctl_data
 *
 * Return: as QCOM_TEE_IOCTL_INVOKE says; -ENOTTY.
 */
long qtee_user_object_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	/* Kernels that clear the stack would clear all of it in every call, most of which use little of it. */
	struct qtee_user_invocation invocation __uninitialized;
	struct qtee_object *const object = file->private_data;
	struct qtee_context context __uninitialized;
	struct qtee_args args __uninitialized;
	int ret;

	if (cmd != QCOM_TEE_IOCTL_INVOKE)
		return -ENOTTY;
	ret = qtee_context_init(&context);
	if (unlikely(ret))
		return ret;

	args.count = 0;
	args.retain = true;
	args.arg = context.args;
	invocation.others = false;
	invocation.buffer = -1;
	ret = qtee_user_invoke_read(&invocation, arg, &args);
	if (unlikely(ret))
		goto out;
	if (unlikely(invocation.head.op > QTEE_OP_MAX))
		ret = -EINVAL;
	else if (unlikely(invocation.buffer >= 0))
		ret = qtee_user_invoke_placed(&invocation, &context, object, &args);
	else
		ret = qtee_user_invoke(&invocation, &context, object, &args);
out:
	qtee_context_fini(&context);
	return ret;
}
