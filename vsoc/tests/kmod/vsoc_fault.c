// SPDX-License-Identifier: GPL-2.0-only
/*
 * Misbehaves as asked when it is loaded, so that tests see whether vsoc/run notices.
 */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *kind = "";
module_param(kind, charp, 0);
MODULE_PARM_DESC(kind, "warn, bug, null, panic, hang (with preemption off) or busy (the module stays in use); and what only a debug kernel sees: use-after-free, shift, sleep, lock or leak");

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);

static void use_after_free(void)
{
	int *memory = kmalloc(sizeof(*memory), GFP_KERNEL);
	int *volatile hidden = memory;

	kfree(memory);
	if (hidden)
		WRITE_ONCE(*hidden, 1);
}

static void lock_in_both_orders(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);
	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

/*
 * Many, as stale copies of addresses hide some: on a stack, or in the slab allocator's own lists per CPU, which have
 * room for hundreds of a size and are memory that kmemleak scans.
 */
static noinline void vsoc_fault_leak(void)
{
	int i;

	for (i = 0; i < 2048; i++) {
		void *memory = kzalloc(64, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(memory);
	}
}

static int shift(int by)
{
	OPTIMIZER_HIDE_VAR(by);
	return 1 << by;
}

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
	} else if (!strcmp(kind, "use-after-free")) {
		use_after_free();
	} else if (!strcmp(kind, "shift")) {
		pr_info("vsoc_fault: %d\n", shift(64));
	} else if (!strcmp(kind, "sleep")) {
		preempt_disable();
		might_sleep();
		preempt_enable();
	} else if (!strcmp(kind, "lock")) {
		lock_in_both_orders();
	} else if (!strcmp(kind, "leak")) {
		vsoc_fault_leak();
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
