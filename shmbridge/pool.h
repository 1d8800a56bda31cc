/* SPDX-License-Identifier: GPL-2.0-only */
/* Pools: what was made and is kept ready, a bounded number of each. */
#ifndef _QTEE_POOL_H
#define _QTEE_POOL_H

#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct device;
struct qtee_pool;

/**
 * struct qtee_pool_item - what a pool keeps; embedded in it
 * @node: in the pool's list of idle items, or of those that will be destroyed
 * @since: jiffies, when it became idle
 *
 * Locking: the pool's while it is idle, its user's else.
 */
struct qtee_pool_item {
	struct list_head node;
	unsigned long since;
};

/**
 * struct qtee_pool_ops - what a pool's items are
 * @make: a new one, or ERR_PTR(). May sleep.
 * @destroy: gives its memory back. May sleep.
 * @fits: whether an item is still as a new one would be; optional. Atomic.
 * @gather: has idle items that lie outside of the pool given back to it soon, as somebody waits; optional. May sleep.
 * @hits: of those places outside, how often an item was found there; optional
 * @outside: how many lie there now, about; optional
 */
struct qtee_pool_ops {
	struct qtee_pool_item *(*make)(struct qtee_pool *pool);
	void (*destroy)(struct qtee_pool_item *item);
	bool (*fits)(const struct qtee_pool_item *item);
	void (*gather)(void);
	u64 (*hits)(void);
	unsigned int (*outside)(void);
};

/**
 * struct qtee_pool - items of one kind
 * @name: its folder in sysfs
 * @ops: what they are
 * @size: bytes of memory of tzmem that each has
 * @spare: how many idle ones the background keeps ready, and does not trim
 * @limit: how many there may be
 * @waiting: tasks that wait for an item; read without the lock, too
 * @lock: guards all that follows but @wait
 * @idle: idle items, the one used last first
 * @doomed: idle items that the shrinker took, until the worker destroys them
 * @count: how many exist
 * @idle_count: how many are in @idle
 * @high_water: the most that ever existed
 * @hits: how often an idle item was there
 * @misses: how often there was none
 * @waits: how often somebody waited then
 * @failures: how often nothing came of it
 * @wait: those who wait
 * @refill: makes spare items
 * @node: in the list of pools, which does not change once invocations begin
 * @kobj: its folder
 * @gone: completed when the folder is
 *
 * Locking: @lock is a leaf. @limit and @spare are words that may change at any time.
 */
struct qtee_pool {
	const char *name;
	const struct qtee_pool_ops *ops;
	u32 size;
	unsigned int spare;
	unsigned int limit;
	unsigned int waiting;

	spinlock_t lock;
	struct list_head idle;
	struct list_head doomed;
	unsigned int count;
	unsigned int idle_count;
	unsigned int high_water;
	u64 hits;
	u64 misses;
	u64 waits;
	u64 failures;

	wait_queue_head_t wait;
	struct work_struct refill;
	struct list_head node;
	struct kobject kobj;
	struct completion gone;
};

void qtee_pool_add(struct qtee_pool *pool);
void qtee_pool_remove(struct qtee_pool *pool);
struct qtee_pool_item *qtee_pool_get(struct qtee_pool *pool);
struct qtee_pool_item *qtee_pool_make(struct qtee_pool *pool);
void qtee_pool_put(struct qtee_pool *pool, struct qtee_pool_item *item);
void qtee_pool_lose(struct qtee_pool *pool);
void qtee_pool_renew(void);
struct qtee_pool *qtee_pool_next(struct qtee_pool *pool);
int qtee_pool_init(void);
void qtee_pool_exit(void);

/* pool_sysfs.c */
int qtee_pool_sysfs_add(struct device *dev);
void qtee_pool_sysfs_remove(void);

#endif /* _QTEE_POOL_H */
