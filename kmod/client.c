// SPDX-License-Identifier: GPL-2.0-only
/* Kernel clients: the way to QTEE's services from inside the kernel. */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/qtee.h>

/* IClientEnv: operations of the root object, and of the client environments that it gives. */
#define QTEE_ROOT_REGISTER_WITH_CREDENTIALS	5
#define QTEE_ENV_OPEN				0

/**
 * qtee_client_env_get() - get a client environment with the kernel's own privilege
 * @env: out: the environment, with a reference
 *
 * Return: 0; -EACCES when QTEE refused; an errno of qtee_object_invoke().
 * Context: process context, may sleep.
 */
int qtee_client_env_get(struct qtee_object **env)
{
	struct qtee_context context;
	struct qtee_args args;
	s32 result;
	int ret;

	*env = NULL;
	ret = qtee_context_init(&context);
	if (ret)
		return ret;

	/* The NULL credential is what says "kernel". No user's parameters get here: see qtee_root_user_check(). */
	context.args[0] = (struct qtee_arg){ .kind = QTEE_ARG_IO };
	context.args[1] = (struct qtee_arg){ .kind = QTEE_ARG_OO };
	args = (struct qtee_args){ .count = 2, .arg = context.args };
	ret = qtee_object_invoke(&context, &qtee_object_root, QTEE_ROOT_REGISTER_WITH_CREDENTIALS, &args, &result);
	if (!ret && result)
		ret = -EACCES;
	if (!ret)
		*env = context.args[1].object;
	qtee_context_fini(&context);
	return ret;
}
EXPORT_SYMBOL_GPL(qtee_client_env_get);

/**
 * qtee_service_open() - open a service
 * @env: a client environment
 * @uid: which service
 * @service: out: the service's object, with a reference; NULL unless 0 is returned and @result is 0
 * @result: out: QTEE's answer when 0 is returned
 *
 * Return: 0; an errno of qtee_object_invoke().
 * Context: process context, may sleep.
 */
int qtee_service_open(struct qtee_object *env, u32 uid, struct qtee_object **service, s32 *result)
{
	struct qtee_context context;
	struct qtee_args args;
	__le32 word = cpu_to_le32(uid);
	int ret;

	*service = NULL;
	ret = qtee_context_init(&context);
	if (ret)
		return ret;

	context.args[0] = (struct qtee_arg){ .kind = QTEE_ARG_IB, .buffer = { { &word }, sizeof(word) } };
	context.args[1] = (struct qtee_arg){ .kind = QTEE_ARG_OO };
	args = (struct qtee_args){ .count = 2, .arg = context.args };
	ret = qtee_object_invoke(&context, env, QTEE_ENV_OPEN, &args, result);
	if (!ret && !*result)
		*service = context.args[1].object;
	qtee_context_fini(&context);
	return ret;
}
EXPORT_SYMBOL_GPL(qtee_service_open);
