// SPDX-License-Identifier: GPL-2.0-only
/* Servers: opens of /dev/qtee-ree. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "user.h"

static void qtee_user_server_free(struct qtee_server *server)
{
	kfree(server);
}

static const struct qtee_server_ops qtee_user_server_ops = {
	.possible = qtee_user_param_possible,
	.free = qtee_user_server_free,
};

/* The server of an fd of the current task, with a reference. ERR_PTR(-EBADF) when it is not that. */
struct qtee_server *qtee_user_server_get(u64 fd)
{
	struct qtee_server *server;

	if (fd > INT_MAX)
		return ERR_PTR(-EBADF);

	CLASS(fd, f)(fd);
	if (fd_empty(f) || fd_file(f)->f_op != &qtee_user_server_fops)
		return ERR_PTR(-EBADF);
	server = fd_file(f)->private_data;
	qtee_server_get(server);
	return server;
}

static int qtee_user_server_fd_match(const void *server, struct file *file, unsigned int fd)
{
	return file->f_op == &qtee_user_server_fops && file->private_data == server ? fd + 1 : 0;
}

/* An fd of the current task that is this server. Returns -EBADF when it has none. */
int qtee_user_server_fd(const struct qtee_server *server)
{
	int found = iterate_fd(current->files, 0, qtee_user_server_fd_match, server);

	return found ? found - 1 : -EBADF;
}

static int qtee_user_server_open(struct inode *inode, struct file *file)
{
	struct qtee_server *server = kzalloc(sizeof(*server), GFP_KERNEL_ACCOUNT);

	if (!server)
		return -ENOMEM;
	qtee_server_init(server, &qtee_user_server_ops);
	file->private_data = server;
	return nonseekable_open(inode, file);
}

/* The last close: nobody is in an ioctl. */
static int qtee_user_server_release(struct inode *inode, struct file *file)
{
	qtee_server_close(file->private_data);
	return 0;
}

static __poll_t qtee_user_server_poll(struct file *file, poll_table *wait)
{
	struct qtee_server *server = file->private_data;

	poll_wait(file, &server->wait, wait);
	return list_empty_careful(&server->queue) ? 0 : EPOLLIN | EPOLLRDNORM;
}

static long qtee_user_server_receive(struct file *file, struct qcom_tee_ioctl_data *data, void __user *arg)
{
	int ret = qtee_user_receive(file->private_data, file->f_flags & O_NONBLOCK, u64_to_user_ptr(data->buf_ptr),
				    &data->buf_len);

	if (ret == -ENOSPC && copy_to_user(arg, data, sizeof(*data)))
		return -EFAULT;
	return ret;
}

static long qtee_user_server_reply_receive(struct file *file, const struct qcom_tee_ioctl_data *data)
{
	struct qcom_tee_reply_receive_arg __user *user = u64_to_user_ptr(data->buf_ptr);
	struct qcom_tee_reply_receive_arg both;
	u64 len;
	int ret;

	if (data->buf_len < sizeof(both))
		return -EINVAL;
	if (copy_from_user(&both, user, sizeof(both)))
		return -EFAULT;

	if (both.reply_len) {
		ret = qtee_user_reply(file->private_data, u64_to_user_ptr(both.reply_ptr), both.reply_len);
		if (ret)
			return ret;
		/* The caller must not answer twice, whatever comes of the rest. */
		if (put_user(0ULL, &user->reply_len))
			return -EFAULT;
	}

	len = both.receive_len;
	ret = qtee_user_receive(file->private_data, file->f_flags & O_NONBLOCK, u64_to_user_ptr(both.receive_ptr),
				&len);
	if (ret == -ENOSPC && put_user(len, &user->receive_len))
		return -EFAULT;
	return ret;
}

static long qtee_user_server_set(struct qtee_server *server, const struct qcom_tee_ioctl_data *data)
{
	struct qcom_tee_server_arg set;

	if (data->buf_len < sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, u64_to_user_ptr(data->buf_ptr), sizeof(set)))
		return -EFAULT;
	if (set.reserved)
		return -EINVAL;
	WRITE_ONCE(server->timeout_ms, set.timeout_ms);
	return 0;
}

static long qtee_user_server_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct qcom_tee_ioctl_data data;

	if (_IOC_TYPE(cmd) != QCOM_TEE_IOC_MAGIC)
		return -ENOTTY;
	if (copy_from_user(&data, user, sizeof(data)))
		return -EFAULT;

	switch (cmd) {
	case QCOM_TEE_IOCTL_RECEIVE:
		return qtee_user_server_receive(file, &data, user);
	case QCOM_TEE_IOCTL_REPLY:
		return qtee_user_reply(file->private_data, u64_to_user_ptr(data.buf_ptr), data.buf_len);
	case QCOM_TEE_IOCTL_REPLY_RECEIVE:
		return qtee_user_server_reply_receive(file, &data);
	case QCOM_TEE_IOCTL_VERSION:
		return qtee_user_version(&data);
	case QCOM_TEE_IOCTL_SERVER:
		return qtee_user_server_set(file->private_data, &data);
	default:
		return -ENOTTY;
	}
}

/* /dev/qtee-ree. */
const struct file_operations qtee_user_server_fops = {
	.owner = THIS_MODULE,
	.open = qtee_user_server_open,
	.release = qtee_user_server_release,
	.poll = qtee_user_server_poll,
	.unlocked_ioctl = qtee_user_server_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
