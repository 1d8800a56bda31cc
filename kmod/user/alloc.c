// SPDX-License-Identifier: GPL-2.0-only
/* ALLOC. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/uaccess.h>

#include "user.h"

/* ALLOC. What is made, and how, is the business of the kind. Returns as QCOM_TEE_IOCTL_ALLOC says. */
long qtee_user_alloc(const struct qcom_tee_ioctl_data *data)
{
	struct qcom_tee_alloc_arg __user *user = u64_to_user_ptr(data->buf_ptr);
	struct qcom_tee_alloc_arg arg;
	struct file *file;
	int fd;

	if (data->buf_len < sizeof(arg))
		return -EINVAL;
	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.fd_flags & ~(O_ACCMODE | O_CLOEXEC))
		return -EINVAL;

	fd = get_unused_fd_flags(arg.fd_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	if (arg.host_id == QCOM_TEE_MESSAGE_BUFFER)
		file = qtee_user_buffer_file(&arg.size, arg.flags, arg.fd_flags & O_ACCMODE);
	else
		file = qtee_param_type_alloc(arg.host_id, &arg.size, arg.flags, arg.fd_flags & O_ACCMODE);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	arg.fd = fd;
	if (copy_to_user(user, &arg, sizeof(arg))) {
		put_unused_fd(fd);
		fput(file);
		return -EFAULT;
	}
	fd_install(fd, file);
	return 0;
}
