// SPDX-License-Identifier: GPL-2.0-only
/* The user API's devices. */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "user.h"

static struct miscdevice qtee_user_root = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "qtee",
	.fops = &qtee_user_root_fops,
};

static struct miscdevice qtee_user_server = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "qtee-ree",
	.fops = &qtee_user_server_fops,
};

static int __init qtee_user_init(void)
{
	int ret;

	qtee_user_root.parent = qtee_device();
	qtee_user_server.parent = qtee_device();

	ret = misc_register(&qtee_user_root);
	if (ret)
		return ret;
	ret = misc_register(&qtee_user_server);
	if (ret)
		misc_deregister(&qtee_user_root);
	return ret;
}

static void __exit qtee_user_exit(void)
{
	misc_deregister(&qtee_user_server);
	misc_deregister(&qtee_user_root);
}

module_init(qtee_user_init);
module_exit(qtee_user_exit);

MODULE_DESCRIPTION("User API of the qtee driver");
MODULE_LICENSE("GPL");
