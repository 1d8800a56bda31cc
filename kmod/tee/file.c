// SPDX-License-Identifier: GPL-2.0-only
/* Open files: the TEE objects that each may use, by ids of its own. */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>

#include "tee.h"

static struct qtee_tee_file *qtee_tee_file_from(struct qtee_server *server)
{
	return container_of(server, struct qtee_tee_file, server);
}

static void qtee_tee_file_free(struct qtee_server *server)
{
	struct qtee_tee_file *file = qtee_tee_file_from(server);

	xa_destroy(&file->memory);
	xa_destroy(&file->objects);
	kfree(file);
}

static const struct qtee_server_ops qtee_tee_server_ops = {
	.possible = qtee_tee_param_possible,
	.free = qtee_tee_file_free,
};

/* A file with nothing in it; NULL when there is no memory. May sleep. */
struct qtee_tee_file *qtee_tee_file_new(void)
{
	struct qtee_tee_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return NULL;
	qtee_server_init(&file->server, &qtee_tee_server_ops);
	xa_init_flags(&file->objects, XA_FLAGS_ALLOC);
	xa_init_flags(&file->memory, XA_FLAGS_ALLOC1);
	return file;
}

/* The last close: nobody is in an ioctl. Its objects go, and what was asked of its server fails. May sleep. */
void qtee_tee_file_close(struct qtee_tee_file *file)
{
	struct qtee_object *object;
	unsigned long id;

	xa_for_each(&file->objects, id, object) {
		xa_erase(&file->objects, id);
		qtee_object_put(object);
	}
	qtee_server_close(&file->server);
}

/* The TEE object of an id, with a reference; NULL where there is none. Any context. */
struct qtee_object *qtee_tee_file_object(struct qtee_tee_file *file, u64 id)
{
	if (id > INT_MAX)
		return NULL;
	guard(rcu)();
	return qtee_object_tryget(xa_load(&file->objects, id));
}

/* Gives a TEE object an id, which takes its reference. Returns 0; -ENOMEM, -EBUSY. May sleep. */
int qtee_tee_file_add(struct qtee_tee_file *file, struct qtee_object *object, u64 *id)
{
	u32 index;
	/* Cyclic, so that a client that uses an id after its release meets nothing rather than another object. */
	int ret = xa_alloc_cyclic(&file->objects, &index, object, XA_LIMIT(0, INT_MAX), &file->next,
				  GFP_KERNEL_ACCOUNT);

	if (ret < 0)
		return ret;
	*id = index;
	return 0;
}

/* Ends an id, and its reference with it; nothing where there is none. May sleep. */
void qtee_tee_file_remove(struct qtee_tee_file *file, u64 id)
{
	if (id <= INT_MAX)
		qtee_object_put(xa_erase(&file->objects, id));
}
