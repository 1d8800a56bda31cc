// SPDX-License-Identifier: GPL-2.0-only
/*
 * The border to user space, for every front end: kinds of objects that extensions bring, and what no user may ask.
 *
 * Locking: qtee_param_lock guards the list of types. A type's module is pinned while one of its functions runs.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/qtee.h>

#define QTEE_PARAM_TYPES	8

static const struct qtee_param_type *qtee_param_types[QTEE_PARAM_TYPES];
static DECLARE_RWSEM(qtee_param_lock);

/**
 * qtee_param_type_register() - add a kind of object that user space can name
 * @type: stays as it is until it is unregistered
 *
 * Return: 0; -EEXIST when its host_id is taken; -ENOSPC.
 * Context: process context, may sleep.
 */
int qtee_param_type_register(const struct qtee_param_type *type)
{
	unsigned int i, place = QTEE_PARAM_TYPES;

	guard(rwsem_write)(&qtee_param_lock);
	for (i = 0; i < QTEE_PARAM_TYPES; i++) {
		if (!qtee_param_types[i])
			place = i;
		else if (qtee_param_types[i]->host_id == type->host_id)
			return -EEXIST;
	}
	if (place == QTEE_PARAM_TYPES)
		return -ENOSPC;
	qtee_param_types[place] = type;
	return 0;
}
EXPORT_SYMBOL_GPL(qtee_param_type_register);

/**
 * qtee_param_type_unregister() - take a kind back
 * @type: what was registered
 *
 * Context: process context, may sleep.
 */
void qtee_param_type_unregister(const struct qtee_param_type *type)
{
	unsigned int i;

	guard(rwsem_write)(&qtee_param_lock);
	for (i = 0; i < QTEE_PARAM_TYPES; i++)
		if (qtee_param_types[i] == type)
			qtee_param_types[i] = NULL;
}
EXPORT_SYMBOL_GPL(qtee_param_type_unregister);

/* The type of a kind, with its module pinned; NULL when there is none. May sleep. */
static const struct qtee_param_type *qtee_param_type_get(s32 host_id)
{
	unsigned int i;

	guard(rwsem_read)(&qtee_param_lock);
	for (i = 0; i < QTEE_PARAM_TYPES; i++)
		if (qtee_param_types[i] && qtee_param_types[i]->host_id == host_id &&
		    try_module_get(qtee_param_types[i]->owner))
			return qtee_param_types[i];
	return NULL;
}

/**
 * qtee_param_type_object() - the object that a user's parameter means
 * @host_id: the kind, below QCOM_TEE_OBJECT_SECURE
 * @id: the kind's own id, of the current task
 *
 * Return: the object, with a reference; ERR_PTR(-EINVAL) when there is no such kind, or what the kind says.
 * Context: process context of the user, may sleep.
 */
struct qtee_object *qtee_param_type_object(s32 host_id, u64 id)
{
	const struct qtee_param_type *type = qtee_param_type_get(host_id);
	struct qtee_object *object;

	if (!type)
		return ERR_PTR(-EINVAL);
	object = type->from_user(id);
	module_put(type->owner);
	return object;
}
EXPORT_SYMBOL_GPL(qtee_param_type_object);

/**
 * qtee_param_type_alloc() - make an object of a kind, for a user
 * @host_id: the kind, below QCOM_TEE_OBJECT_SECURE
 * @size: bytes; out: as many as it has
 * @flags: the kind's own
 * @fd_flags: O_RDONLY or O_RDWR
 *
 * Return: a file that means the object; ERR_PTR(-EOPNOTSUPP) when there is no such kind or none can be made of it, or
 *	what the kind says.
 * Context: process context of the user, may sleep.
 */
struct file *qtee_param_type_alloc(s32 host_id, u64 *size, u32 flags, u32 fd_flags)
{
	const struct qtee_param_type *type = qtee_param_type_get(host_id);
	struct file *file = ERR_PTR(-EOPNOTSUPP);

	if (!type)
		return file;
	if (type->alloc)
		file = type->alloc(size, flags, fd_flags);
	module_put(type->owner);
	return file;
}
EXPORT_SYMBOL_GPL(qtee_param_type_alloc);

/**
 * qtee_param_type_alloc_object() - make an object of a kind, with memory that the kernel sees too
 * @host_id: the kind, below QCOM_TEE_OBJECT_SECURE
 * @size: bytes
 * @buffer: out: its memory, cleared; it stays as long as there are references to the object, QTEE's among them
 *
 * Return: the object, with a reference; ERR_PTR(-EOPNOTSUPP) when there is no such kind or none can be made of it, or
 *	what the kind says.
 * Context: process context, may sleep.
 */
struct qtee_object *qtee_param_type_alloc_object(s32 host_id, u64 size, struct qtee_buffer *buffer)
{
	const struct qtee_param_type *type = qtee_param_type_get(host_id);
	struct qtee_object *object = ERR_PTR(-EOPNOTSUPP);

	if (!type)
		return object;
	if (type->alloc_object)
		object = type->alloc_object(size, buffer);
	module_put(type->owner);
	return object;
}
EXPORT_SYMBOL_GPL(qtee_param_type_alloc_object);

/**
 * qtee_param_type_features() - what the kinds that there are add to the user API
 *
 * Return: QCOM_TEE_FEATURE_* bits.
 * Context: process context, may sleep.
 */
u32 qtee_param_type_features(void)
{
	u32 features = 0;
	unsigned int i;

	guard(rwsem_read)(&qtee_param_lock);
	for (i = 0; i < QTEE_PARAM_TYPES; i++)
		if (qtee_param_types[i])
			features |= qtee_param_types[i]->features;
	return features;
}
EXPORT_SYMBOL_GPL(qtee_param_type_features);

/* Operations of the root object that are not for users: notifyDomainChange, adciAccept, adciShutdown. */
#define QTEE_ROOT_OPS_KERNEL	(BIT(4) | BIT(8) | BIT(9))
/* Those that register a client with an object that speaks for it. */
#define QTEE_ROOT_OPS_REGISTER	(BIT(2) | BIT(3) | BIT(5))

/**
 * qtee_root_user_check() - whether a user may invoke the root object so
 * @op: operation
 * @args: arguments, as they will be sent
 *
 * A NULL credential is the kernel's own privilege. Where the arguments stand does not matter: none of the input
 * objects may be NULL, and whoever registers has to bring exactly one.
 *
 * Return: 0; -EINVAL.
 * Context: any.
 */
int qtee_root_user_check(u32 op, const struct qtee_args *args)
{
	unsigned int i, objects = 0;

	if (op < BITS_PER_LONG && (QTEE_ROOT_OPS_KERNEL & BIT(op)))
		return -EINVAL;

	for (i = 0; i < args->count; i++) {
		if (args->arg[i].kind != QTEE_ARG_IO)
			continue;
		if (!args->arg[i].object)
			return -EINVAL;
		objects++;
	}
	if (op < BITS_PER_LONG && (QTEE_ROOT_OPS_REGISTER & BIT(op)) && objects != 1)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_GPL(qtee_root_user_check);
