// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pools in sysfs: pools/ in the device's folder, with a folder for each of them, one value a file.
 *
 * All that is counted is counted anyway, under a lock that is held or on the CPU's own memory.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "block.h"
#include "message.h"
#include "pool.h"
#include "tuning.h"

static struct kobject *qtee_pool_folder;

/**
 * struct qtee_pool_file - a file in a pool's folder
 * @attr: what sysfs knows
 * @show: its value; the pool's lock is held
 */
struct qtee_pool_file {
	struct attribute attr;
	u64 (*show)(const struct qtee_pool *pool);
};

/* name in sysfs, its value */
#define QTEE_POOL_FILES(X) \
	X(size, pool->size)			/* bytes of memory of tzmem of each */ \
	X(spare, pool->spare)			/* idle ones that are kept ready, and not trimmed */ \
	X(count, pool->count)			/* that exist */ \
	X(idle, pool->idle_count)		/* of those, free for all CPUs */ \
	X(high_water, pool->high_water)		/* the most that ever existed */ \
	X(misses, pool->misses)			/* none was ready */ \
	X(waits, pool->waits)			/* of those, somebody waited for one */ \
	X(failures, pool->failures)		/* of those, nothing came of it */ \
	X(hits, pool->hits + (pool->ops->hits ? pool->ops->hits() : 0))	/* one was ready */ \
	X(cached, pool->ops->outside ? pool->ops->outside() : 0)	/* that exist, free for one CPU */

#define X(id, value) \
static u64 qtee_pool_##id(const struct qtee_pool *pool) \
{ \
	return value; \
} \
static const struct qtee_pool_file qtee_pool_file_##id = { \
	.attr = { .name = #id, .mode = 0444 }, \
	.show = qtee_pool_##id, \
};
QTEE_POOL_FILES(X)
#undef X

/* How many there may be. That of the pairs is the module parameter messages_max. */
static u64 qtee_pool_limit(const struct qtee_pool *pool)
{
	return pool->limit;
}

static const struct qtee_pool_file qtee_pool_file_limit = {
	.attr = { .name = "limit", .mode = 0644 },
	.show = qtee_pool_limit,
};

static struct attribute *qtee_pool_attrs[] = {
#define X(id, value) (struct attribute *)&qtee_pool_file_##id.attr,
	QTEE_POOL_FILES(X)
#undef X
	(struct attribute *)&qtee_pool_file_limit.attr,
	NULL
};

/* The limit of the pairs is a parameter's, and only read here. */
static umode_t qtee_pool_file_mode(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct qtee_pool *pool = container_of(kobj, struct qtee_pool, kobj);

	return pool->ops->gather ? attr->mode & ~0222 : attr->mode;
}

static const struct attribute_group qtee_pool_group = {
	.attrs = qtee_pool_attrs,
	.is_visible = qtee_pool_file_mode,
};
__ATTRIBUTE_GROUPS(qtee_pool);

static ssize_t qtee_pool_file_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	const struct qtee_pool_file *file = container_of(attr, struct qtee_pool_file, attr);
	struct qtee_pool *pool = container_of(kobj, struct qtee_pool, kobj);
	u64 value;

	scoped_guard(spinlock, &pool->lock)
		value = file->show(pool);
	return sysfs_emit(buf, "%llu\n", value);
}

static ssize_t qtee_pool_file_store(struct kobject *kobj, struct attribute *attr, const char *buf, size_t size)
{
	struct qtee_pool *pool = container_of(kobj, struct qtee_pool, kobj);
	unsigned int limit;
	int ret;

	if (pool->ops->gather)
		return -EOPNOTSUPP;
	ret = kstrtouint(buf, 0, &limit);
	if (ret)
		return ret;
	if (!limit || limit > QTEE_TUNING_CLASS_MAX) {
		pr_err("limit %u: it goes from 1 to %u\n", limit, QTEE_TUNING_CLASS_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(pool->limit, limit);
	qtee_pool_renew();
	return size;
}

static const struct sysfs_ops qtee_pool_sysfs_ops = {
	.show = qtee_pool_file_show,
	.store = qtee_pool_file_store,
};

static void qtee_pool_kobj_release(struct kobject *kobj)
{
	complete(&container_of(kobj, struct qtee_pool, kobj)->gone);
}

static const struct kobj_type qtee_pool_type = {
	.sysfs_ops = &qtee_pool_sysfs_ops,
	.release = qtee_pool_kobj_release,
	.default_groups = qtee_pool_groups,
};

/* How many messages of each size were asked for: a line for each power of two, "up to so many bytes: so many". */
static ssize_t sizes_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	unsigned int i;
	int at = 0;

	for (i = 0; i < QTEE_MESSAGE_SIZES; i++)
		at += sysfs_emit_at(buf, at, "%u %llu\n", QTEE_MESSAGE_SIZE_MIN << i, qtee_message_size_count(i));
	return at;
}

static struct kobj_attribute qtee_pool_sizes = __ATTR_RO(sizes);

/* Bytes of tzmem in all of them, and on their way back to the system. */
static ssize_t bytes_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%zu\n", qtee_block_bytes());
}

static struct kobj_attribute qtee_pool_bytes = __ATTR_RO(bytes);

static struct attribute *qtee_pool_folder_attrs[] = {
	&qtee_pool_sizes.attr,
	&qtee_pool_bytes.attr,
	NULL
};

static const struct attribute_group qtee_pool_folder_group = {
	.attrs = qtee_pool_folder_attrs,
};

/* Makes the folder and those of the pools, which are all there. Returns 0 or an errno, and then has made nothing. */
int qtee_pool_sysfs_add(struct device *dev)
{
	struct qtee_pool *pool;
	int ret;

	qtee_pool_folder = kobject_create_and_add("pools", &dev->kobj);
	if (!qtee_pool_folder)
		return -ENOMEM;
	ret = sysfs_create_group(qtee_pool_folder, &qtee_pool_folder_group);
	for (pool = qtee_pool_next(NULL); pool && !ret; pool = qtee_pool_next(pool)) {
		init_completion(&pool->gone);
		ret = kobject_init_and_add(&pool->kobj, &qtee_pool_type, qtee_pool_folder, "%s", pool->name);
	}
	if (ret)
		qtee_pool_sysfs_remove();
	return ret;
}

/* When this returns nobody reads any more. */
void qtee_pool_sysfs_remove(void)
{
	struct qtee_pool *pool;

	for (pool = qtee_pool_next(NULL); pool; pool = qtee_pool_next(pool)) {
		if (!pool->kobj.state_initialized)
			continue;
		kobject_put(&pool->kobj);
		wait_for_completion(&pool->gone);
		pool->kobj = (struct kobject){};
	}
	kobject_put(qtee_pool_folder);
}
