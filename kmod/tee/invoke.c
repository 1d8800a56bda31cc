// SPDX-License-Identifier: GPL-2.0-only
/* OBJECT_INVOKE. */
#include <linux/align.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>
#include <linux/wordpart.h>

#include "tee.h"

/**
 * struct qtee_tee_invocation - an OBJECT_INVOKE under way
 * @head: the caller's header, copied once
 * @params: its parameters, copied with it
 */
struct qtee_tee_invocation {
	struct tee_ioctl_object_invoke_arg head;
	struct tee_ioctl_param params[QTEE_ARGS_MAX];
};

static_assert(sizeof(struct tee_ioctl_param) == 32);
static_assert(offsetof(struct qtee_tee_invocation, params) == offsetof(struct tee_ioctl_object_invoke_arg, params));

/* The kind of argument that a parameter is; negative for what none is. */
static int qtee_tee_invoke_kind(const struct tee_ioctl_param *param)
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
static int qtee_tee_invoke_args(struct qtee_tee_file *file, const struct qtee_tee_invocation *invocation,
				struct qtee_args *args)
{
	bool plain = true;
	u64 sizes = 0;
	u32 i;

	for (i = 0; i < invocation->head.num_params; i++) {
		const struct tee_ioctl_param *param = &invocation->params[i];
		int kind = qtee_tee_invoke_kind(param);
		struct qtee_arg *arg = &args->arg[i];

		if (kind < 0)
			return kind;
		arg->kind = kind;
		arg->flags = 0;
		if (kind <= QTEE_ARG_OB) {
			arg->flags = QTEE_ARG_USER;
			arg->buffer.uaddr = u64_to_user_ptr(param->a);
			arg->buffer.size = param->b;
			if (!access_ok(arg->buffer.uaddr, param->b))
				return -EFAULT;
			if (kind == QTEE_ARG_IB && args->inputs++ != i)
				plain = false;
			sizes |= param->b;
			args->bytes += ALIGN(param->b, 8);
		} else {
			plain = false;
			arg->object = kind == QTEE_ARG_IO ? qtee_tee_param_object(file, param) : NULL;
			if (IS_ERR(arg->object))
				return PTR_ERR(arg->object);
		}
		args->count++;
	}
	args->plain = plain && !upper_32_bits(sizes);
	return 0;
}

/* Forgets the names of those output objects among the first parameters that nobody has heard of. */
static void qtee_tee_invoke_forget(struct qtee_tee_file *file, struct qtee_tee_invocation *invocation, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (invocation->params[i].attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT)
			qtee_tee_param_take_back(file, &invocation->params[i]);
}

/* Names the outputs. On failure all output objects are released, and none has a name. */
static int qtee_tee_invoke_outputs(struct qtee_tee_file *file, struct qtee_tee_invocation *invocation,
				   const struct qtee_args *args)
{
	unsigned int i, given = 0;
	int ret = 0;

	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];

		if (arg->kind == QTEE_ARG_OB)
			invocation->params[i].b = arg->buffer.size;
		if (arg->kind != QTEE_ARG_OO)
			continue;
		if (ret) {
			qtee_object_put(arg->object);
			continue;
		}
		ret = qtee_tee_param_give(file, &invocation->params[i], arg->object);
		if (!ret)
			given = i + 1;
	}
	if (ret)
		qtee_tee_invoke_forget(file, invocation, given);
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
				  struct qtee_tee_invocation *invocation, struct qtee_context *context)
{
	struct qtee_args args = { .arg = context->args };
	struct qtee_inputs inputs __uninitialized;
	s32 result = 0;
	int ret;

	ret = qtee_tee_invoke_args(file, invocation, &args);
	if (!ret && object == &qtee_object_root)
		ret = qtee_root_user_check(invocation->head.op, &args);
	ret = qtee_inputs_hold(&inputs, &args, ret);
	if (ret)
		return ret;
	ret = qtee_object_invoke(context, object, invocation->head.op, &args, &result);
	qtee_inputs_put(&inputs, context->seen);
	if (ret)
		return ret;

	invocation->head.ret = result;
	if (result)
		return 0;
	ret = qtee_tee_invoke_outputs(file, invocation, &args);
	/* QTEE has done its work, and what came of it has no name here. */
	return ret == -EINVAL ? -ENODEV : ret;
}

/* A function of its own: its caller has 2 KiB of parameters on the stack. */
static noinline int qtee_tee_invoke_run(struct qtee_tee_file *file, struct qtee_tee_invocation *invocation)
{
	struct qtee_object *object = &qtee_object_root;
	struct qtee_context context;
	bool seen = false;
	int ret;

	if (invocation->head.op > QTEE_OP_MAX)
		return -EINVAL;
	if (invocation->head.id != TEE_OBJREF_NULL) {
		object = qtee_tee_file_object(file, invocation->head.id);
		if (!object)
			return -EINVAL;
	}

	ret = qtee_context_init(&context);
	if (!ret) {
		ret = qtee_tee_invoke_object(file, object, invocation, &context);
		seen = context.seen;
		qtee_context_fini(&context);
	}
	qtee_object_put(object);
	return qtee_tee_invoke_error(ret, seen, &invocation->head.ret);
}

/* Writes what came of it: sizes, objects and the result. Returns 0 or -EFAULT. May sleep. */
static int qtee_tee_invoke_write(struct tee_ioctl_object_invoke_arg __user *head, u64 size,
				 const struct qtee_tee_invocation *invocation)
{
	u32 i;

	if (!user_write_access_begin(head, size))
		return -EFAULT;
	for (i = 0; i < invocation->head.num_params; i++) {
		const struct tee_ioctl_param *param = &invocation->params[i];

		if (param->attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT)
			unsafe_put_user(param->a, &head->params[i].a, err_fault);
		if (param->attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT ||
		    param->attr == TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT)
			unsafe_put_user(param->b, &head->params[i].b, err_fault);
	}
	unsafe_put_user(invocation->head.ret, &head->ret, err_fault);
	user_write_access_end();
	return 0;

err_fault:
	user_write_access_end();
	return -EFAULT;
}

/**
 * qtee_tee_invoke() - the ioctl
 * @file: the open file
 * @user: the caller's header and parameters
 * @size: bytes there
 *
 * Return: 0 when QTEE answered, also when its answer can't be used (the result is UNAVAIL then); -EINVAL for what is
 *	not allowed, an unknown object, more than 15 of a kind; -EBUSY: QTEE did not see it, and it can be tried again;
 *	-EFAULT, -EMSGSIZE, -ENOMEM, -EIO as qtee_object_invoke(). Objects whose names could not be written are
 *	released.
 */
int qtee_tee_invoke(struct qtee_tee_file *file, void __user *user, u64 size)
{
	struct tee_ioctl_object_invoke_arg __user *head = user;
	/* Read no further than it is copied, and copied no further than it goes. */
	struct qtee_tee_invocation invocation __uninitialized;
	u32 count;
	int ret;

	if (size < sizeof(invocation.head))
		return -EINVAL;
	if (_inline_copy_from_user(&invocation, user, min(size, sizeof(invocation))))
		return -EFAULT;
	count = invocation.head.num_params;
	if (size != sizeof(invocation.head) + (u64)count * sizeof(invocation.params[0]))
		return -EINVAL;
	if (invocation.head.op == QTEE_OP_RELEASE) {
		qtee_tee_file_remove(file, invocation.head.id);
		return put_user(0, &head->ret);
	}
	/* More would be too many of some kind. */
	if (count > QTEE_ARGS_MAX)
		return -EINVAL;

	ret = qtee_tee_invoke_run(file, &invocation);
	if (ret)
		return ret;
	if (invocation.head.ret)
		return put_user(invocation.head.ret, &head->ret);
	ret = qtee_tee_invoke_write(head, size, &invocation);
	if (ret)
		qtee_tee_invoke_forget(file, &invocation, count);
	return ret;
}
