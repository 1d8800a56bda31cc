// SPDX-License-Identifier: GPL-2.0-only
/*
 * The primordial object: the one callback object that QTEE knows from the start.
 *
 * It maps memory objects, yields and sleeps. Every other operation belongs to a registered extension.
 *
 * Locking: qtee_primordial_extension is read under RCU and a reference to it is tried for; qtee_primordial_lock
 * orders those who register.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "object.h"
#include "../tracepoints/trace.h"

#define QTEE_PRIMORDIAL_MAP_REGION	0
#define QTEE_PRIMORDIAL_YIELD		1
#define QTEE_PRIMORDIAL_SLEEP		2

/* Longest sleep that QTEE gets at once; it sleeps in the invoker's thread. */
#define QTEE_PRIMORDIAL_SLEEP_MAX_MS	10000

/* What MAP_REGION answers, as it is on the wire. */
struct qtee_primordial_map {
	__le64 paddr;
	__le64 size;
	__le32 perms;
} __packed;

static struct qtee_object __rcu *qtee_primordial_extension;
static DEFINE_MUTEX(qtee_primordial_lock);

/* Whether the arguments are exactly so many of each kind. They come grouped. */
static bool qtee_primordial_shape(const struct qtee_args *args, unsigned int ib, unsigned int ob, unsigned int io,
				  unsigned int oo)
{
	unsigned int number[QTEE_ARG_KINDS] = {}, i;

	for (i = 0; i < args->count; i++)
		number[args->arg[i].kind]++;
	return number[QTEE_ARG_IB] == ib && number[QTEE_ARG_OB] == ob && number[QTEE_ARG_IO] == io &&
	       number[QTEE_ARG_OO] == oo;
}

static int qtee_primordial_map_region(struct qtee_args *args)
{
	struct qtee_primordial_map map = {};
	struct qtee_mapping mapping = {};
	struct qtee_object *object;
	int ret;

	if (!qtee_primordial_shape(args, 0, 1, 1, 1))
		return -EINVAL;
	object = args->arg[1].object;
	if (args->arg[0].buffer.size < sizeof(map))
		return -EINVAL;
	/* Only a memory object has memory. */
	if (qtee_object_kind(object) != QTEE_OBJECT_CB || !object->ops->map)
		return -EINVAL;

	ret = object->ops->map(object, &mapping);
	if (ret)
		return ret;

	map.paddr = cpu_to_le64(mapping.paddr);
	map.size = cpu_to_le64(mapping.size);
	map.perms = cpu_to_le32(mapping.perms);
	memcpy(args->arg[0].buffer.addr, &map, sizeof(map));
	args->arg[0].buffer.size = sizeof(map);
	args->arg[2].object = mapping.handle;
	if (trace_qtee_memory_tell_enabled())
		trace_qtee_memory_tell(qtee_trace_invocation(args), args->arg[1].wire, mapping.paddr, mapping.size,
				       mapping.perms, false);
	qtee_object_put(object);
	return 0;
}

static int qtee_primordial_sleep(struct qtee_args *args)
{
	__le32 word;
	u32 ms;

	if (!qtee_primordial_shape(args, 1, 0, 0, 0) || args->arg[0].buffer.size < sizeof(word))
		return -EINVAL;
	memcpy(&word, args->arg[0].buffer.addr, sizeof(word));
	ms = min_t(u32, le32_to_cpu(word), QTEE_PRIMORDIAL_SLEEP_MAX_MS);

	/* A caller that is being killed does not sleep on. */
	schedule_timeout_killable(msecs_to_jiffies(ms));
	return 0;
}

static int qtee_primordial_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args)
{
	struct qtee_object *extension;
	int ret;

	switch (op) {
	case QTEE_PRIMORDIAL_MAP_REGION:
		return qtee_primordial_map_region(args);
	case QTEE_PRIMORDIAL_YIELD:
		cond_resched();
		return 0;
	case QTEE_PRIMORDIAL_SLEEP:
		return qtee_primordial_sleep(args);
	}

	rcu_read_lock();
	extension = rcu_dereference(qtee_primordial_extension);
	if (extension && !refcount_inc_not_zero(&extension->refs))
		extension = NULL;
	rcu_read_unlock();
	if (!extension)
		return -EINVAL;

	if (extension->ops->op_supported && !extension->ops->op_supported(extension, op))
		ret = -EOPNOTSUPP;
	else
		ret = extension->ops->dispatch(context_id, extension, op, args);
	qtee_object_put(extension);
	return ret;
}

static const struct qtee_object_ops qtee_primordial_ops = {
	.name = "primordial",
	.dispatch = qtee_primordial_dispatch,
};

struct qtee_object qtee_object_primordial = {
	.refs = REFCOUNT_INIT(1),
	.kind = QTEE_OBJECT_CB,
	.ops = &qtee_primordial_ops,
};

/**
 * qtee_primordial_register() - have an object answer the primordial object's other operations
 * @extension: a callback object; a reference to it is taken
 *
 * Its notify operation is not called: it is not the object that QTEE called. As every object it pins its module, so
 * that a module's exit is too late to unregister it: that is for whoever made it come to make it go.
 *
 * Return: 0; -EBUSY when there is another; -EINVAL when @extension is no callback object.
 * Context: process context, may sleep.
 */
int qtee_primordial_register(struct qtee_object *extension)
{
	if (qtee_object_kind(extension) != QTEE_OBJECT_CB || extension == &qtee_object_primordial)
		return -EINVAL;

	guard(mutex)(&qtee_primordial_lock);
	if (rcu_access_pointer(qtee_primordial_extension))
		return -EBUSY;
	rcu_assign_pointer(qtee_primordial_extension, qtee_object_get(extension));
	return 0;
}
EXPORT_SYMBOL_GPL(qtee_primordial_register);

/**
 * qtee_primordial_unregister() - end what qtee_primordial_register() began
 * @extension: what was registered; anything else is left alone
 *
 * A dispatch that is under way goes on, with a reference of its own.
 *
 * Context: process context, may sleep.
 */
void qtee_primordial_unregister(struct qtee_object *extension)
{
	scoped_guard(mutex, &qtee_primordial_lock) {
		if (rcu_access_pointer(qtee_primordial_extension) != extension)
			return;
		RCU_INIT_POINTER(qtee_primordial_extension, NULL);
	}
	qtee_object_put(extension);
}
EXPORT_SYMBOL_GPL(qtee_primordial_unregister);

/* Name and references of the extension, for people. Returns false when there is none. Any context. */
bool qtee_primordial_describe(char *name, size_t size, unsigned int *refs)
{
	struct qtee_object *extension;

	guard(rcu)();
	extension = rcu_dereference(qtee_primordial_extension);
	if (!extension)
		return false;
	strscpy(name, extension->ops->name, size);
	*refs = refcount_read(&extension->refs);
	return true;
}
