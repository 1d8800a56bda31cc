// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that an ioctl which enters the secure world can cost: /dev/vsoc-floor has ioctls that do nothing else. For
 * bench/.
 */
#include <linux/arm-smccc.h>
#include <linux/errno.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#define VSOC_FLOOR_BUFFER	SZ_1M	/* bytes */

/* What COPY copies: @size bytes from @in, an SMC, and as many to @out. */
struct vsoc_floor_copy {
	__u64 in;
	__u64 out;
	__u64 size;
};

#define VSOC_FLOOR_EMPTY	_IO('F', 0)
#define VSOC_FLOOR_SMC		_IO('F', 1)	/* one SMC, which asks for the version of SMCCC */
#define VSOC_FLOOR_SCM		_IO('F', 2)	/* one SMC through qcom_scm, which the firmware does not know */
#define VSOC_FLOOR_COPY		_IOW('F', 3, struct vsoc_floor_copy)

/* Of whoever has the device open, one at a time. */
static void *vsoc_floor_buffer;

static void vsoc_floor_smc(void)
{
	struct arm_smccc_res res;

	arm_smccc_smc(ARM_SMCCC_VERSION_FUNC_ID, 0, 0, 0, 0, 0, 0, 0, &res);
}

static long vsoc_floor_copy(unsigned long arg)
{
	struct vsoc_floor_copy copy;

	if (copy_from_user(&copy, (void __user *)arg, sizeof(copy)))
		return -EFAULT;
	if (copy.size > VSOC_FLOOR_BUFFER)
		return -EINVAL;
	if (copy_from_user(vsoc_floor_buffer, u64_to_user_ptr(copy.in), copy.size))
		return -EFAULT;
	vsoc_floor_smc();
	if (copy_to_user(u64_to_user_ptr(copy.out), vsoc_floor_buffer, copy.size))
		return -EFAULT;
	return 0;
}

static long vsoc_floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case VSOC_FLOOR_EMPTY:
		return 0;
	case VSOC_FLOOR_SMC:
		vsoc_floor_smc();
		return 0;
	case VSOC_FLOOR_SCM:
		qcom_scm_set_remote_state(0, 0);
		return 0;
	case VSOC_FLOOR_COPY:
		return vsoc_floor_copy(arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations vsoc_floor_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vsoc_floor_ioctl,
};

static struct miscdevice vsoc_floor_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vsoc-floor",
	.fops = &vsoc_floor_fops,
};

static int __init vsoc_floor_init(void)
{
	int ret;

	if (!qcom_scm_is_available())
		return -ENODEV;
	vsoc_floor_buffer = alloc_pages_exact(VSOC_FLOOR_BUFFER, GFP_KERNEL | __GFP_ZERO);
	if (!vsoc_floor_buffer)
		return -ENOMEM;
	ret = misc_register(&vsoc_floor_device);
	if (ret)
		free_pages_exact(vsoc_floor_buffer, VSOC_FLOOR_BUFFER);
	return ret;
}
module_init(vsoc_floor_init);

static void __exit vsoc_floor_exit(void)
{
	misc_deregister(&vsoc_floor_device);
	free_pages_exact(vsoc_floor_buffer, VSOC_FLOOR_BUFFER);
}
module_exit(vsoc_floor_exit);

MODULE_DESCRIPTION("The least that ioctls and SMCs can cost");
MODULE_LICENSE("GPL");
