// SPDX-License-Identifier: GPL-2.0-only
/* Objects between user parameters and the core, and the fds that come of it. */
#include <linux/err.h>
#include <linux/file.h>

#include "user.h"

/*
 * The object that an input parameter means, with a reference; NULL for the NULL object; ERR_PTR(-EBADF, -EINVAL, …).
 * May sleep.
 */
struct qtee_object *qtee_user_param_object(const struct qcom_tee_param *param)
{
	if (param->attr == QCOM_TEE_OBJECT_NULL)
		return NULL;
	if (param->attr != QCOM_TEE_OBJECT)
		return ERR_PTR(-EINVAL);
	if (param->object.host_id >= 0)
		return qtee_user_callback_new(param->object.host_id, param->object.id);
	if (param->object.host_id == QCOM_TEE_OBJECT_SECURE)
		return qtee_user_object_get(param->object.id);
	return qtee_param_type_object(param->object.host_id, param->object.id);
}

/* Whether an object, which is not NULL, can be handed to a server's users: of callback objects only its own. */
bool qtee_user_param_possible(struct qtee_server *server, struct qtee_object *object)
{
	struct qtee_server_object *callback;

	if (object->kind != QTEE_OBJECT_CB)
		return true;
	callback = qtee_user_callback_from(object);
	return callback ? callback->server == server : !!object->ops->param_type;
}

/*
 * Says in a parameter which object came, and takes the reference, unless it fails. Where an fd is to mean the object,
 * file is what that will be an fd of. Returns as qtee_user_param_give() does.
 */
static int qtee_user_param_set(struct qcom_tee_param *param, struct qtee_object *object, struct file **file)
{
	struct qtee_server_object *callback;
	int fd;

	*file = NULL;
	param->attr = QCOM_TEE_OBJECT;
	param->object.id = 0;
	param->object.host_id = 0;

	if (!object) {
		param->attr = QCOM_TEE_OBJECT_NULL;
		return 0;
	}

	if (object->kind == QTEE_OBJECT_TEE) {
		param->object.host_id = QCOM_TEE_OBJECT_SECURE;
		*file = qtee_user_object_file(object);
		return PTR_ERR_OR_ZERO(*file);
	}

	callback = qtee_user_callback_from(object);
	if (callback) {
		/* Only somebody who has the server open can be told of its objects. */
		fd = qtee_user_server_fd(callback->server);
		if (fd < 0)
			return fd;
		param->object.host_id = fd;
		param->object.id = callback->id;
		qtee_object_put(object);
		return 0;
	}

	if (!object->ops || !object->ops->param_type)
		return -EINVAL;
	*file = object->ops->param_type->to_file(object);
	if (IS_ERR(*file))
		return PTR_ERR(*file);
	param->object.host_id = object->ops->param_type->host_id;
	qtee_object_put(object);
	return 0;
}

/* Reserves an fd for a file, whose reference it takes in every case. Returns the fd or an errno. */
static int qtee_user_files_add(struct qtee_user_files *files, struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0) {
		fput(file);
		return fd;
	}
	files->fd[files->count] = fd;
	files->file[files->count++] = file;
	return fd;
}

/**
 * qtee_user_param_give() - give the current task an object, in a parameter
 * @param: out
 * @object: the object, or NULL; the caller's reference is taken in every case
 * @files: gets the file, where the object becomes an fd
 *
 * Return: 0; -EINVAL when the object can't be named to users, -EBADF when not to the current task; an errno of making
 *	the file or of reserving its fd.
 * Context: process context of the user, may sleep.
 */
int qtee_user_param_give(struct qcom_tee_param *param, struct qtee_object *object, struct qtee_user_files *files)
{
	struct file *file;
	int ret = qtee_user_param_set(param, object, &file);

	if (ret) {
		qtee_object_put(object);
		return ret;
	}
	if (!file)
		return 0;
	ret = qtee_user_files_add(files, file);
	if (ret < 0)
		return ret;
	param->object.id = ret;
	return 0;
}

/* Makes the fds real: nothing can fail any more. */
void qtee_user_files_install(struct qtee_user_files *files)
{
	while (files->count) {
		files->count--;
		fd_install(files->fd[files->count], files->file[files->count]);
	}
}

/* Forgets the fds, which nobody has seen, and puts the files. */
void qtee_user_files_drop(struct qtee_user_files *files)
{
	while (files->count) {
		files->count--;
		put_unused_fd(files->fd[files->count]);
		fput(files->file[files->count]);
	}
}
