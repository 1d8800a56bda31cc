// SPDX-License-Identifier: GPL-2.0-only
/* Counters, and their files: statistics/ in the device's sysfs folder, one value a file. */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "introspect.h"
#include "stats.h"
#include "../shmbridge/message.h"

DEFINE_PER_CPU(struct qtee_stats, qtee_stats);

/* Sum over all CPUs; other CPUs count on meanwhile. */
u64 qtee_stat_read(enum qtee_stat stat)
{
	u64 sum = 0;
	int cpu;

	/* Each is a message, and those are counted by size. */
	if (stat == QTEE_STAT_INVOCATIONS)
		return qtee_message_sent();
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(qtee_stats, cpu).value[stat]);
	return sum;
}

#define X(id, name) \
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{ \
	return sysfs_emit(buf, "%llu\n", qtee_stat_read(QTEE_STAT_##id)); \
} \
static DEVICE_ATTR_RO(name);
QTEE_STATS(X)
#undef X

static struct attribute *qtee_stats_attrs[] = {
#define X(id, name) &dev_attr_##name.attr,
	QTEE_STATS(X)
#undef X
	NULL
};

const struct attribute_group qtee_stats_group = {
	.name = "statistics",
	.is_visible = qtee_introspect_visible,
	.attrs = qtee_stats_attrs,
};
