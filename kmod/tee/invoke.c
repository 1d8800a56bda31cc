// SPDX-License-Identifier: GPL-2.0-only
/* OBJECT_INVOKE. */
#include <linux/err.h>
#include <linux/errno.h>

#include "tee.h"

/* The kind of argument that a parameter is; negative for what none is. */
static int qtee_tee_invoke_kind(const struct tee_param *param)
{
	switch (param->attr) {
	case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT:
		return QTEE_ARG_IB;
	case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT:
		return QTEE_ARG_OB;
	case TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT:
		return QTEE_ARG_IO;
	case TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT:
		return QTEE_ARG_OO;
	default:
		return -EINVAL;
	}
}

/* The caller's parameters as arguments. On failure no object is held but those that args counts. */
static int qtee_tee_invoke_args(struct qtee_tee_file *file, const struct tee_param *params, u32 num_params,
				struct qtee_args *args)
{
	u32 i;

	for (i = 0; i < num_params; i++) {
		int kind = qtee_tee_invoke_kind(&params[i]);
		struct qtee_arg *arg = &args->arg[i];

		if (kind < 0)
			return kind;
		arg->kind = kind;
		arg->flags = 0;
		if (kind <= QTEE_ARG_OB) {
			arg->flags = QTEE_ARG_USER;
			arg->buffer.uaddr = params[i].u.ubuf.uaddr;
			arg->buffer.size = params[i].u.ubuf.size;
		} else {
			arg->object = kind == QTEE_ARG_IO ? qtee_tee_param_object(file, &params[i]) : NULL;
			if (IS_ERR(arg->object))
				return PTR_ERR(arg->object);
		}
		args->count++;
	}
	return 0;
}

/* Gives the caller the outputs. On failure all output objects are released, and none has a name. */
static int qtee_tee_invoke_outputs(struct qtee_tee_file *file, struct tee_param *params, const struct qtee_args *args)
{
	unsigned int i, given = 0;
	int ret = 0;

	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];

		if (arg->kind == QTEE_ARG_OB)
			params[i].u.ubuf.size = arg->buffer.size;
		if (arg->kind != QTEE_ARG_OO)
			continue;
		if (ret) {
			qtee_object_put(arg->object);
			continue;
		}
		ret = qtee_tee_param_give(file, &params[i], arg->object);
		if (!ret)
			given = i + 1;
	}
	for (i = 0; ret && i < given; i++)
		if (args->arg[i].kind == QTEE_ARG_OO)
			qtee_tee_param_take_back(file, &params[i]);
	return ret;
}

/*
 * What mainline's clients are told for an errno of the core. QTEE's answer that can't be used is a result to them, and
 * a message that it did not see, because it or we were busy, is EBUSY.
 */
static int qtee_tee_invoke_error(int error, bool seen, u32 *result)
{
	switch (error) {
	case -ENODEV:
		if (!seen)
			return error;
		*result = QTEE_RESULT_UNAVAIL;
		return 0;
	case -EAGAIN:
		return -EBUSY;
	case -E2BIG:
		return -EINVAL;
	default:
		return error;
	}
}

/* Invokes an object. As qtee_object_invoke(), and -EINVAL for parameters that can't be arguments. */
static int qtee_tee_invoke_object(struct qtee_tee_file *file, struct qtee_object *object,
				  struct tee_ioctl_object_invoke_arg *arg, struct tee_param *params,
				  struct qtee_context *context)
{
	struct qtee_args args = { .arg = context->args };
	struct qtee_inputs inputs;
	s32 result = 0;
	int ret;

	ret = qtee_tee_invoke_args(file, params, arg->num_params, &args);
	if (!ret && object == &qtee_object_root)
		ret = qtee_root_user_check(arg->op, &args);
	ret = qtee_inputs_hold(&inputs, &args, ret);
	if (ret)
		return ret;
	ret = qtee_object_invoke(context, object, arg->op, &args, &result);
	qtee_inputs_put(&inputs, context->seen);
	if (ret)
		return ret;

	arg->ret = result;
	if (result)
		return 0;
	ret = qtee_tee_invoke_outputs(file, params, &args);
	/* QTEE has done its work, and what came of it has no name here. */
	return ret == -EINVAL ? -ENODEV : ret;
}

/**
 * qtee_tee_invoke() - the ioctl
 * @context: the file's
 * @arg: the caller's header, copied once
 * @params: its parameters, copied with it; outputs go there
 *
 * Return: 0 when QTEE answered, also when its answer can't be used (the result is UNAVAIL then); -EINVAL for what is
 *	not allowed, an unknown object, more than 15 of a kind; -EBUSY: QTEE did not see it, and it can be tried again;
 *	-EFAULT, -EMSGSIZE, -ENOMEM, -EIO as qtee_object_invoke().
 */
int qtee_tee_invoke(struct tee_context *context, struct tee_ioctl_object_invoke_arg *arg, struct tee_param *params)
{
	struct qtee_tee_file *file = context->data;
	struct qtee_object *object = &qtee_object_root;
	struct qtee_context invocation;
	bool seen = false;
	int ret;

	if (arg->op == QTEE_OP_RELEASE) {
		qtee_tee_file_remove(file, arg->id);
		arg->ret = 0;
		return 0;
	}
	if (arg->op > QTEE_OP_MAX || arg->num_params > QTEE_ARGS_MAX)
		return -EINVAL;
	if (arg->id != TEE_OBJREF_NULL) {
		object = qtee_tee_file_object(file, arg->id);
		if (!object)
			return -EINVAL;
	}

	ret = qtee_context_init(&invocation);
	if (!ret) {
		ret = qtee_tee_invoke_object(file, object, arg, params, &invocation);
		seen = invocation.seen;
		qtee_context_fini(&invocation);
	}
	qtee_object_put(object);
	return qtee_tee_invoke_error(ret, seen, &arg->ret);
}
