// SPDX-License-Identifier: GPL-2.0-only
/* Callback objects that a user's server hosts. */
#include <linux/err.h>
#include <linux/module.h>

#include "user.h"

static const struct qtee_object_ops qtee_user_callback_ops = {
	.name = "user",
	.owner = THIS_MODULE,
	.dispatch = qtee_server_dispatch,
	.release = qtee_server_object_release,
};

/* The callback object of a server's that an object is, or NULL. */
struct qtee_server_object *qtee_user_callback_from(struct qtee_object *object)
{
	if (qtee_object_kind(object) != QTEE_OBJECT_CB || object->ops != &qtee_user_callback_ops)
		return NULL;
	return qtee_server_object_from(object);
}

/* A new object of the server that an fd of the current task is. Returns it with a reference, or ERR_PTR(). */
struct qtee_object *qtee_user_callback_new(s32 fd, u64 id)
{
	struct qtee_server *server = qtee_user_server_get(fd);
	struct qtee_object *object;

	if (IS_ERR(server))
		return ERR_CAST(server);
	object = qtee_server_object_new(server, &qtee_user_callback_ops, id);
	qtee_server_put(server);
	return object;
}
