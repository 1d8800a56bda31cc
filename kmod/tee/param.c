// SPDX-License-Identifier: GPL-2.0-only
/* Objects between references of the TEE user API and the core. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/module.h>

#include "tee.h"

static const struct qtee_object_ops qtee_tee_callback_ops = {
	.name = "tee user",
	.owner = THIS_MODULE,
	.dispatch = qtee_server_dispatch,
	.release = qtee_server_object_release,
};

/* The object that a parameter means, with a reference; NULL for the NULL object; ERR_PTR(-EINVAL, …). May sleep. */
struct qtee_object *qtee_tee_param_object(struct qtee_tee_file *file, const struct tee_ioctl_param *param)
{
	u64 id = param->a;

	if (id == TEE_OBJREF_NULL)
		return NULL;
	switch (param->b) {
	case QTEE_TEE_REF_TEE:
		return qtee_tee_file_object(file, id) ?: ERR_PTR(-EINVAL);
	case QTEE_TEE_REF_USER:
		return qtee_server_object_new(&file->server, &qtee_tee_callback_ops, id);
	case QTEE_TEE_REF_MEMORY:
		return qtee_tee_memory_object(file, id) ?: ERR_PTR(-EINVAL);
	default:
		return ERR_PTR(-EINVAL);
	}
}

/* Whether an object, which is not NULL, has a name in a file: of callback objects only the file's own. Any context. */
bool qtee_tee_param_possible(struct qtee_server *server, struct qtee_object *object)
{
	struct qtee_server_object *hosted = qtee_server_object_from(object);
	struct qtee_tee_file *file = container_of(server, struct qtee_tee_file, server);

	if (object->kind != QTEE_OBJECT_CB)
		return true;
	return hosted ? hosted->server == server : !!qtee_tee_memory_from(file, object);
}

/*
 * Names an object in a reference, whose reference it takes in every case. Returns 0; -EINVAL for an object that has no
 * name in the file; -ENOMEM. May sleep.
 */
int qtee_tee_param_give(struct qtee_tee_file *file, struct tee_ioctl_param *param, struct qtee_object *object)
{
	struct qtee_server_object *hosted = qtee_server_object_from(object);
	struct qtee_tee_memory *memory;
	int ret = 0;

	param->a = TEE_OBJREF_NULL;
	param->b = 0;
	if (!object)
		return 0;

	if (object->kind == QTEE_OBJECT_TEE) {
		ret = qtee_tee_file_add(file, object, &param->a);
		if (!ret) {
			param->b = QTEE_TEE_REF_TEE;
			return 0;
		}
	} else if (hosted && hosted->server == &file->server) {
		param->a = hosted->id;
		param->b = QTEE_TEE_REF_USER;
	} else {
		memory = qtee_tee_memory_from(file, object);
		if (memory) {
			param->a = memory->id;
			param->b = QTEE_TEE_REF_MEMORY;
		} else {
			ret = -EINVAL;
		}
	}
	qtee_object_put(object);
	return ret;
}

/* Forgets the name that a reference was given, which nobody has seen. May sleep. */
void qtee_tee_param_take_back(struct qtee_tee_file *file, struct tee_ioctl_param *param)
{
	if (param->a != TEE_OBJREF_NULL && param->b == QTEE_TEE_REF_TEE)
		qtee_tee_file_remove(file, param->a);
	param->a = TEE_OBJREF_NULL;
}
