// SPDX-License-Identifier: GPL-2.0-only
/*
 * Misbehaves as asked when it is loaded, so that tests see whether vsoc/run notices.
 */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/string.h>

static char *kind = "";
module_param(kind, charp, 0);
MODULE_PARM_DESC(kind, "warn, bug, null, panic, hang (with preemption off) or busy (the module stays in use)");

static int __init vsoc_fault_init(void)
{
	if (!strcmp(kind, "warn")) {
		WARN(1, "vsoc_fault was asked to warn\n");
	} else if (!strcmp(kind, "bug")) {
		BUG();
	} else if (!strcmp(kind, "null")) {
		WRITE_ONCE(*(volatile int *)16, 1);
	} else if (!strcmp(kind, "panic")) {
		panic("vsoc_fault was asked to panic\n");
	} else if (!strcmp(kind, "hang")) {
		preempt_disable();
		for (;;)
			cpu_relax();
	} else if (!strcmp(kind, "busy")) {
		__module_get(THIS_MODULE);
	} else {
		return -EINVAL;
	}
	return 0;
}
module_init(vsoc_fault_init);

static void __exit vsoc_fault_exit(void)
{
}
module_exit(vsoc_fault_exit);

MODULE_DESCRIPTION("Faults on demand, to test the virtual SoC's runner");
MODULE_LICENSE("GPL");
