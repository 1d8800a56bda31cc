// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TEE device: registered with the kernel's TEE core, which has the device's number and life, its version, and ids,
 * files and mappings of shared memory.
 *
 * Four ioctls are answered here before the TEE core sees them. Its SHM_REGISTER_FD takes no dma-bufs but those of its
 * own heaps, and asks no driver. OBJECT_INVOKE, SUPPL_RECV and SUPPL_SEND it would pass on, but it allocates for each,
 * copies parameters one by one, and writes them back when the driver is done: when that fails, the request or the
 * objects are lost to everybody.
 */
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "tee.h"

static void qtee_tee_version(struct tee_device *device, struct tee_ioctl_version_data *version)
{
	*version = (struct tee_ioctl_version_data){
		.impl_id = TEE_IMPL_ID_QTEE,
		.gen_caps = TEE_GEN_CAP_OBJREF,
	};
}

static int qtee_tee_open(struct tee_context *context)
{
	context->data = qtee_tee_file_new();
	return context->data ? 0 : -ENOMEM;
}

/* The file is closed; shared memory of its may still be there. */
static void qtee_tee_close(struct tee_context *context)
{
	struct qtee_tee_file *file = context->data;

	qtee_server_get(&file->server);
	qtee_tee_file_close(file);
}

/* Nothing has the context any more. */
static void qtee_tee_release(struct tee_context *context)
{
	struct qtee_tee_file *file = context->data;

	qtee_server_put(&file->server);
	context->data = NULL;
}

static const struct tee_driver_ops qtee_tee_ops = {
	.get_version = qtee_tee_version,
	.open = qtee_tee_open,
	.close_context = qtee_tee_close,
	.release = qtee_tee_release,
};

static const struct tee_desc qtee_tee_desc = {
	.name = "qtee",
	.ops = &qtee_tee_ops,
	.owner = THIS_MODULE,
};

static struct tee_device *qtee_tee_device;
/* The TEE core's, and the same with our ioctls. Set before the device is there. */
static const struct file_operations *qtee_tee_core_fops;
static struct file_operations qtee_tee_fops __ro_after_init;

/* An ioctl whose arguments lie in a buffer, to which the caller's struct points. */
static long qtee_tee_ioctl_buffer(struct tee_context *context, unsigned int cmd, struct tee_ioctl_buf_data __user *arg)
{
	struct tee_ioctl_buf_data data;
	void __user *user;

	if (copy_from_user(&data, arg, sizeof(data)))
		return -EFAULT;
	if (data.buf_len > TEE_MAX_ARG_SIZE)
		return -EINVAL;
	user = u64_to_user_ptr(data.buf_ptr);
	switch (cmd) {
	case TEE_IOC_OBJECT_INVOKE:
		return qtee_tee_invoke(context->data, user, data.buf_len);
	case TEE_IOC_SUPPL_RECV:
		return qtee_tee_receive(context->data, user, data.buf_len);
	default:
		return qtee_tee_send(context->data, user, data.buf_len);
	}
}

static long qtee_tee_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case TEE_IOC_OBJECT_INVOKE:
	case TEE_IOC_SUPPL_RECV:
	case TEE_IOC_SUPPL_SEND:
		return qtee_tee_ioctl_buffer(file->private_data, cmd, (void __user *)arg);
	case TEE_IOC_SHM_REGISTER_FD:
		return qtee_tee_memory_register(file->private_data, (void __user *)arg);
	default:
		return qtee_tee_core_fops->unlocked_ioctl(file, cmd, arg);
	}
}

static int __init qtee_tee_init(void)
{
	int ret;

	qtee_tee_device = tee_device_alloc(&qtee_tee_desc, qtee_device(), &qtee_tee_memory_pool, NULL);
	if (IS_ERR(qtee_tee_device))
		return PTR_ERR(qtee_tee_device);
	qtee_tee_core_fops = qtee_tee_device->cdev.ops;
	qtee_tee_fops = *qtee_tee_core_fops;
	qtee_tee_fops.owner = THIS_MODULE;
	qtee_tee_fops.unlocked_ioctl = qtee_tee_ioctl;
	/* By way of the above. */
	qtee_tee_fops.compat_ioctl = compat_ptr_ioctl;
	qtee_tee_device->cdev.ops = &qtee_tee_fops;

	ret = tee_device_register(qtee_tee_device);
	if (ret)
		tee_device_unregister(qtee_tee_device);
	return ret;
}

static void __exit qtee_tee_exit(void)
{
	tee_device_unregister(qtee_tee_device);
}

module_init(qtee_tee_init);
module_exit(qtee_tee_exit);

MODULE_DESCRIPTION("TEE subsystem front end of the qtee driver: /dev/teeN");
MODULE_LICENSE("GPL");
