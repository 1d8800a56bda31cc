// SPDX-License-Identifier: GPL-2.0-only
/* INVOKE. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/uaccess.h>

#include "user.h"

/**
 * struct qtee_user_invocation - an INVOKE under way
 * @head: the caller's header, copied once
 * @params: its parameters, copied with it
 * @buffer: file of the caller's message buffer, or NULL
 * @buffer_fd: the fd by which it was named
 */
struct qtee_user_invocation {
	struct qcom_tee_object_invoke_arg head;
	struct qcom_tee_param params[QCOM_TEE_PARAMS_MAX];
	struct file *buffer;
	s32 buffer_fd;
};

static_assert(sizeof(struct qcom_tee_param) == 24);
static_assert(sizeof(struct qcom_tee_object_invoke_arg) == 16);
static_assert(offsetof(struct qtee_user_invocation, params) == sizeof(struct qcom_tee_object_invoke_arg));

/* A parameter that lies in the caller's message buffer. All of an invocation lie in one. Returns 0 or an errno. */
static int qtee_user_invoke_placed(struct qtee_user_invocation *invocation, struct qtee_context *context,
				   const struct qcom_tee_param *param, struct qtee_arg *arg)
{
	if (!invocation->buffer) {
		struct file *buffer = qtee_user_buffer_begin(param->placed.fd, context);

		if (IS_ERR(buffer))
			return PTR_ERR(buffer);
		invocation->buffer = buffer;
		invocation->buffer_fd = param->placed.fd;
	} else if (param->placed.fd != invocation->buffer_fd) {
		return -EINVAL;
	}
	/* The core checks the rest: where it ends, alignment, and that none is on another. */
	if (param->placed.offset > qtee_user_buffer_size(invocation->buffer))
		return -EINVAL;
	arg->kind = param->direction ? QTEE_ARG_IB : QTEE_ARG_OB;
	arg->flags = QTEE_ARG_PLACED;
	arg->wire = PAGE_SIZE + param->placed.offset;
	arg->buffer.addr = NULL;
	arg->buffer.size = param->placed.len;
	return 0;
}

/* The caller's parameters as arguments. On failure no object is held but those that args counts. */
static int qtee_user_invoke_args(struct qtee_user_invocation *invocation, struct qtee_context *context,
				 struct qtee_args *args)
{
	int ret;
	unsigned int i;

	for (i = 0; i < invocation->head.num_params; i++) {
		const struct qcom_tee_param *param = &invocation->params[i];
		struct qtee_arg *arg = &args->arg[i];

		arg->flags = 0;
		switch (param->attr) {
		case QCOM_TEE_BUFFER:
			arg->kind = param->direction ? QTEE_ARG_IB : QTEE_ARG_OB;
			arg->flags = QTEE_ARG_USER;
			arg->buffer.uaddr = u64_to_user_ptr(param->buffer.addr);
			arg->buffer.size = param->buffer.len;
			break;
		case QCOM_TEE_BUFFER_PLACED:
			ret = qtee_user_invoke_placed(invocation, context, param, arg);
			if (ret)
				return ret;
			break;
		case QCOM_TEE_OBJECT:
		case QCOM_TEE_OBJECT_NULL:
			arg->kind = param->direction ? QTEE_ARG_IO : QTEE_ARG_OO;
			arg->object = param->direction ? qtee_user_param_object(param) : NULL;
			if (IS_ERR(arg->object))
				return PTR_ERR(arg->object);
			break;
		default:
			return -EINVAL;
		}
		args->count++;
	}
	return 0;
}

/* Gives the caller the outputs. On failure all output objects are released. */
static int qtee_user_invoke_outputs(struct qtee_user_invocation *invocation, struct qtee_args *args,
				    struct qtee_user_files *files)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < args->count; i++) {
		struct qcom_tee_param *param = &invocation->params[i];
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind == QTEE_ARG_OB)
			param->buffer.len = arg->buffer.size;
		if (arg->kind != QTEE_ARG_OO)
			continue;

		if (ret)
			qtee_object_put(arg->object);
		else
			ret = qtee_user_param_give(param, arg->object, files);
	}
	return ret;
}

/**
 * qtee_user_invoke() - the ioctl
 * @object: root, or the TEE object of the file
 * @arg: user address of a struct qcom_tee_ioctl_data
 *
 * Return: as QCOM_TEE_IOCTL_INVOKE says.
 */
long qtee_user_invoke(struct qtee_object *object, unsigned long arg)
{
	struct qtee_user_files files = {};
	struct qtee_user_invocation invocation;
	struct qcom_tee_ioctl_data data;
	struct qtee_context context;
	struct qtee_args args = {};
	struct qtee_inputs inputs;
	void __user *user;
	long ret;

	if (copy_from_user(&data, (void __user *)arg, sizeof(data)))
		return -EFAULT;
	if (data.buf_len < sizeof(invocation.head) || data.buf_len > offsetof(struct qtee_user_invocation, buffer))
		return -EINVAL;
	user = u64_to_user_ptr(data.buf_ptr);
	if (copy_from_user(&invocation, user, data.buf_len))
		return -EFAULT;
	if (data.buf_len != sizeof(invocation.head) + (u64)invocation.head.num_params * sizeof(invocation.params[0]))
		return -EINVAL;
	if (invocation.head.op > QTEE_OP_MAX)
		return -EINVAL;

	ret = qtee_context_init(&context);
	if (ret)
		return ret;
	args.arg = context.args;

	invocation.buffer = NULL;
	ret = qtee_user_invoke_args(&invocation, &context, &args);
	if (!ret && object == &qtee_object_root)
		ret = qtee_root_user_check(invocation.head.op, &args);

	ret = qtee_inputs_hold(&inputs, &args, ret);
	if (ret)
		goto out;

	ret = qtee_object_invoke(&context, object, invocation.head.op, &args, &invocation.head.result);
	qtee_inputs_put(&inputs, context.seen);
	if (ret)
		goto out;

	if (!invocation.head.result)
		ret = qtee_user_invoke_outputs(&invocation, &args, &files);
	/* QTEE has done its work: what came of it is lost, and the caller is told so. */
	if (ret == -EINVAL || ret == -EBADF)
		ret = -ENODEV;
	if (!ret && copy_to_user(user, &invocation, invocation.head.result ? sizeof(invocation.head) : data.buf_len))
		ret = -EFAULT;
	if (ret)
		qtee_user_files_drop(&files);
	else
		qtee_user_files_install(&files);
out:
	if (unlikely(invocation.buffer))
		qtee_user_buffer_end(invocation.buffer, &context);
	qtee_context_fini(&context);
	return ret;
}
