/* SPDX-License-Identifier: GPL-2.0-only */
/* The user API: /dev/qtee, /dev/qtee-ree, and the files of TEE objects. */
#ifndef _QTEE_USER_H
#define _QTEE_USER_H

#include <linux/fs.h>
#include <linux/qtee.h>
#include <linux/qtee_server.h>
#include <misc/qcom_tee.h>

/* server.c */
extern const struct file_operations qtee_user_server_fops;
struct qtee_server *qtee_user_server_get(u64 fd);
int qtee_user_server_fd(const struct qtee_server *server);

/* callback.c */
struct qtee_object *qtee_user_callback_new(s32 fd, u64 id);
struct qtee_server_object *qtee_user_callback_from(struct qtee_object *object);

/* object.c */
extern const struct file_operations qtee_user_root_fops;
struct qtee_object *qtee_user_object_get(u64 fd);
struct file *qtee_user_object_file(struct qtee_object *object);

/**
 * struct qtee_user_files - files that become fds when all else has succeeded
 * @count: how many there are
 * @fd: reserved numbers
 * @file: the files, with a reference each
 */
struct qtee_user_files {
	unsigned int count;
	int fd[QTEE_ARGS_PER_KIND];
	struct file *file[QTEE_ARGS_PER_KIND];
};

/* param.c */
struct qtee_object *qtee_user_param_object(const struct qcom_tee_param *param);
int qtee_user_param_give(struct qcom_tee_param *param, struct qtee_object *object, struct qtee_user_files *files);
bool qtee_user_param_possible(struct qtee_server *server, struct qtee_object *object);
void qtee_user_files_install(struct qtee_user_files *files);
void qtee_user_files_drop(struct qtee_user_files *files);

/* invoke.c */
long qtee_user_object_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* receive.c, reply.c: on a buffer of the current task; a receive that fails with -ENOSPC sets len to what is needed */
int qtee_user_receive(struct qtee_server *server, bool nonblock, void __user *buf, u64 *len);
int qtee_user_reply(struct qtee_server *server, void __user *buf, u64 len);

/* buffer.c */
struct file *qtee_user_buffer_file(u64 *size, u32 flags, u32 fd_flags);

/* alloc.c */
long qtee_user_alloc(const struct qcom_tee_ioctl_data *data);

/* version.c */
long qtee_user_version(const struct qcom_tee_ioctl_data *data);

#endif /* _QTEE_USER_H */
