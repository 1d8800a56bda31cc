// SPDX-License-Identifier: GPL-2.0-only
/* TEE objects as files: an fd is a capability, and its last close releases the object. */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "user.h"

static int qtee_user_object_release(struct inode *inode, struct file *file)
{
	qtee_object_put(file->private_data);
	return 0;
}

static const struct file_operations qtee_user_object_fops = {
	.owner = THIS_MODULE,
	.release = qtee_user_object_release,
	.unlocked_ioctl = qtee_user_object_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* A file for a TEE object. Takes the caller's reference when it succeeds. Returns the file or ERR_PTR(). */
struct file *qtee_user_object_file(struct qtee_object *object)
{
	return anon_inode_getfile("[qtee-object]", &qtee_user_object_fops, object, O_RDWR);
}

/* The TEE object of an fd of the current task, with a reference. ERR_PTR(-EBADF) when it is not that. */
struct qtee_object *qtee_user_object_get(u64 fd)
{
	if (fd > INT_MAX)
		return ERR_PTR(-EBADF);

	CLASS(fd, f)(fd);
	if (fd_empty(f) || fd_file(f)->f_op != &qtee_user_object_fops)
		return ERR_PTR(-EBADF);
	return qtee_object_get(fd_file(f)->private_data);
}

static int qtee_user_root_open(struct inode *inode, struct file *file)
{
	file->private_data = &qtee_object_root;
	return nonseekable_open(inode, file);
}

static long qtee_user_root_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct qcom_tee_ioctl_data data;

	if (cmd == QCOM_TEE_IOCTL_INVOKE)
		return qtee_user_object_ioctl(file, cmd, arg);
	if (cmd != QCOM_TEE_IOCTL_VERSION && cmd != QCOM_TEE_IOCTL_ALLOC)
		return -ENOTTY;
	if (copy_from_user(&data, (void __user *)arg, sizeof(data)))
		return -EFAULT;
	return cmd == QCOM_TEE_IOCTL_VERSION ? qtee_user_version(&data) : qtee_user_alloc(&data);
}

/* /dev/qtee: the root object. */
const struct file_operations qtee_user_root_fops = {
	.owner = THIS_MODULE,
	.open = qtee_user_root_open,
	.unlocked_ioctl = qtee_user_root_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
