// SPDX-License-Identifier: GPL-2.0-only
/*
 * Introspection: what the driver holds, for people and tests.
 *
 * objects/ in the device's sysfs folder has what is one value; /sys/kernel/debug/qtee/objects has a line for each
 * callback object that QTEE holds, however many there are. Neither holds an invocation up: the table is walked under
 * RCU, and goes on changing meanwhile.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>

#include "introspect.h"
#include "object.h"
#include "transport.h"

static struct dentry *qtee_introspect_dir;

static ssize_t releases_pending_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", qtee_release_pending());
}
static DEVICE_ATTR_RO(releases_pending);

static ssize_t primordial_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	char name[32];
	unsigned int refs;

	if (!qtee_primordial_describe(name, sizeof(name), &refs))
		return sysfs_emit(buf, "\n");
	return sysfs_emit(buf, "%s %u\n", name, refs);
}
static DEVICE_ATTR_RO(primordial);

static ssize_t transport_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", qtee_transport->name);
}
static DEVICE_ATTR_RO(transport);

/*
 * QTEE tells of the objects that it lets go beside its next answer, whenever that is. Writing here asks it for one: an
 * operation that the root object does not have. Whoever wants to unload a module whose objects QTEE held needs it.
 */
static ssize_t flush_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t size)
{
	struct qtee_context context;
	struct qtee_args args = {};
	s32 result;
	int ret;

	ret = qtee_context_init(&context);
	if (ret)
		return ret;
	ret = qtee_object_invoke(&context, &qtee_object_root, QTEE_OP_MAX, &args, &result);
	qtee_context_fini(&context);
	return ret ?: size;
}
static DEVICE_ATTR_WO(flush);

static struct attribute *qtee_introspect_attrs[] = {
	&dev_attr_flush.attr,
	&dev_attr_releases_pending.attr,
	&dev_attr_primordial.attr,
	&dev_attr_transport.attr,
	NULL
};

/* A device that is only held has nothing to tell. */
umode_t qtee_introspect_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	return kobj_to_dev(kobj) == qtee_device() ? attr->mode : SYSFS_GROUP_INVISIBLE;
}

const struct attribute_group qtee_introspect_group = {
	.name = "objects",
	.is_visible = qtee_introspect_visible,
	.attrs = qtee_introspect_attrs,
};

/* The position is an index of the table; each step finds the next that is in use. */
static void *qtee_introspect_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return qtee_table_next_object(pos);
}

static void *qtee_introspect_next(struct seq_file *seq, void *object, loff_t *pos)
{
	++*pos;
	return qtee_table_next_object(pos);
}

static void qtee_introspect_stop(struct seq_file *seq, void *object)
	__releases(RCU)
{
	rcu_read_unlock();
}

/* The object may go at this moment. RCU keeps its memory, and its module's: no module is freed under a reader. */
static int qtee_introspect_show(struct seq_file *seq, void *v)
{
	struct qtee_object *object = v;
	unsigned int refs = refcount_read(&object->refs);

	if (refs)
		seq_printf(seq, "0x%08x %u %s\n", (u32)seq->index | 0x80000000u, refs, object->ops->name);
	return 0;
}

static const struct seq_operations qtee_introspect_sops = {
	.start = qtee_introspect_start,
	.next = qtee_introspect_next,
	.stop = qtee_introspect_stop,
	.show = qtee_introspect_show,
};

DEFINE_SEQ_ATTRIBUTE(qtee_introspect);

/* Makes the debugfs files. They are for looking only: nothing depends on their being there. */
void qtee_introspect_init(void)
{
	qtee_introspect_dir = debugfs_create_dir("qtee", NULL);
	debugfs_create_file("objects", 0400, qtee_introspect_dir, NULL, &qtee_introspect_fops);
}

void qtee_introspect_exit(void)
{
	debugfs_remove(qtee_introspect_dir);
}

/**
 * qtee_debugfs() - the driver's debugfs folder
 *
 * Return: the folder, for extensions to add files to; they remove them before they go.
 */
struct dentry *qtee_debugfs(void)
{
	return qtee_introspect_dir;
}
EXPORT_SYMBOL_GPL(qtee_debugfs);
