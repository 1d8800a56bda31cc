// SPDX-License-Identifier: GPL-2.0-only
/* The module of memory objects: what it registers, and its files for looking. */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>

#include "memory.h"

/* memory/ in the device's sysfs folder: counters, one value a file. */
#define X(id, name) \
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{ \
	return sysfs_emit(buf, "%ld\n", atomic_long_read(&qtee_memory_stats[QTEE_MEMORY_STAT_##id])); \
} \
static DEVICE_ATTR_RO(name);
QTEE_MEMORY_STATS(X)
#undef X

static struct attribute *qtee_memory_attrs[] = {
#define X(id, name) &dev_attr_##name.attr,
	QTEE_MEMORY_STATS(X)
#undef X
	NULL
};

static const struct attribute_group qtee_memory_group = {
	.name = "memory",
	.attrs = qtee_memory_attrs,
};

/* /sys/kernel/debug/qtee/memory_objects. */
static int qtee_memory_objects_show(struct seq_file *seq, void *v)
{
	qtee_memory_print(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(qtee_memory_objects);

static struct dentry *qtee_memory_file;

static int __init qtee_memory_init(void)
{
	int ret = qtee_idle_init();

	if (ret)
		return ret;
	ret = sysfs_create_group(&qtee_device()->kobj, &qtee_memory_group);
	if (ret)
		goto err_idle;
	ret = qtee_param_type_register(&qtee_memory_type);
	if (ret)
		goto err_group;
	qtee_memory_file = debugfs_create_file("memory_objects", 0400, qtee_debugfs(), NULL, &qtee_memory_objects_fops);
	return 0;

err_group:
	sysfs_remove_group(&qtee_device()->kobj, &qtee_memory_group);
err_idle:
	qtee_idle_exit();
	return ret;
}

static void __exit qtee_memory_exit(void)
{
	debugfs_remove(qtee_memory_file);
	qtee_param_type_unregister(&qtee_memory_type);
	sysfs_remove_group(&qtee_device()->kobj, &qtee_memory_group);
	qtee_idle_exit();
}

module_init(qtee_memory_init);
module_exit(qtee_memory_exit);

MODULE_DESCRIPTION("Memory objects of the qtee driver: dma-bufs that QTEE can map");
MODULE_LICENSE("GPL");
