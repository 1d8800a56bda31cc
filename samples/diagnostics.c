// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel client: asks QTEE's Diagnostics service how its heap is, once, when the module is loaded.
 *
 * It shows the whole of the kernel API that a client needs: a client environment with the kernel's own privilege, a
 * service by UID, an invocation with an output buffer, and the end of each.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/qtee.h>

#define QTEE_UID_DIAGNOSTICS		143
#define QTEE_DIAGNOSTICS_QUERY_HEAP	0

/* What Diagnostics answers, as it is on the wire; bytes. */
struct qtee_sample_heap {
	__le32 total;
	__le32 used;
	__le32 free;
	__le32 overhead;
	__le32 wasted;
	__le32 largest_free;
};

static int qtee_sample_query(struct qtee_object *service)
{
	struct qtee_sample_heap heap = {};
	struct qtee_context context;
	struct qtee_args args;
	s32 result;
	int ret;

	ret = qtee_context_init(&context);
	if (ret)
		return ret;

	context.args[0] = (struct qtee_arg){ .kind = QTEE_ARG_OB, .buffer = { { &heap }, sizeof(heap) } };
	args = (struct qtee_args){ .count = 1, .arg = context.args };
	ret = qtee_object_invoke(&context, service, QTEE_DIAGNOSTICS_QUERY_HEAP, &args, &result);
	if (!ret && (result || context.args[0].buffer.size != sizeof(heap)))
		ret = -EPROTO;
	if (!ret)
		pr_info("heap: %u bytes, %u used\n", le32_to_cpu(heap.total), le32_to_cpu(heap.used));

	qtee_context_fini(&context);
	return ret;
}

static int __init qtee_sample_init(void)
{
	struct qtee_object *env, *service;
	s32 result;
	int ret;

	ret = qtee_client_env_get(&env);
	if (ret)
		return ret;
	ret = qtee_service_open(env, QTEE_UID_DIAGNOSTICS, &service, &result);
	if (!ret && result)
		ret = -ENOENT;
	if (!ret) {
		ret = qtee_sample_query(service);
		qtee_object_put(service);
	}
	qtee_object_put(env);
	return ret;
}

static void __exit qtee_sample_exit(void)
{
}

module_init(qtee_sample_init);
module_exit(qtee_sample_exit);

MODULE_DESCRIPTION("Sample client of the qtee driver: QTEE's heap, in the kernel log");
MODULE_LICENSE("GPL");
