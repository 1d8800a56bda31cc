// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools: message buffers that were made and are kept ready, a bounded number of each kind.
 *
 * What a pool has idle is taken and given back under its lock. When it has none, one is made; when that fails, or there
 * are as many as there may be, the caller waits for one, but not for long. A worker keeps some spare ones ready;
 * another gives back to the system what was idle for long. Under memory pressure the shrinker takes all that is idle.
 *
 * Locking: a pool's lock is a leaf, and nothing is allocated under it, since the shrinker takes it.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/shrinker.h>

#include "pool.h"
#include "tuning.h"
#include "../tracepoints/trace.h"

/* By size, the largest items first: the shrinker takes those first. */
static LIST_HEAD(qtee_pools);
static struct shrinker *qtee_pool_shrinker;

static void qtee_pool_trim(struct work_struct *work);
static DECLARE_DELAYED_WORK(qtee_pool_trim_work, qtee_pool_trim);

static void qtee_pool_reap(struct work_struct *work);
static DECLARE_WORK(qtee_pool_reap_work, qtee_pool_reap);

static void qtee_pool_destroy_all(struct qtee_pool *pool, struct list_head *items)
{
	struct qtee_pool_item *item, *next;

	list_for_each_entry_safe(item, next, items, node) {
		trace_qtee_pool_shrink(pool, 0);
		pool->ops->destroy(item);
	}
}

/* Takes the item that is idle for longest out of the pool. The lock is held. */
static void qtee_pool_evict(struct qtee_pool *pool, struct list_head *to)
{
	lockdep_assert_held(&pool->lock);
	list_move(pool->idle.prev, to);
	pool->idle_count--;
	pool->count--;
}

/* Gives back all that is idle, now. May sleep. */
static void qtee_pool_flush(struct qtee_pool *pool)
{
	LIST_HEAD(doomed);

	scoped_guard(spinlock, &pool->lock)
		while (pool->idle_count)
			qtee_pool_evict(pool, &doomed);
	qtee_pool_destroy_all(pool, &doomed);
}

static void qtee_pool_flush_all(void)
{
	struct qtee_pool *pool;

	list_for_each_entry(pool, &qtee_pools, node)
		qtee_pool_flush(pool);
}

/* An idle item, or NULL. Has spare ones made when few are left. */
static struct qtee_pool_item *qtee_pool_take(struct qtee_pool *pool)
{
	struct qtee_pool_item *item;
	bool low;

	spin_lock(&pool->lock);
	item = list_first_entry_or_null(&pool->idle, struct qtee_pool_item, node);
	if (item) {
		list_del(&item->node);
		pool->idle_count--;
		pool->hits++;
	}
	low = 2 * pool->idle_count < pool->spare && pool->count < pool->limit;
	spin_unlock(&pool->lock);
	if (low)
		schedule_work(&pool->refill);
	return item;
}

/*
 * A new item. Returns it, for the caller to use and to put; ERR_PTR(-EAGAIN) when there are as many as there may be;
 * what the maker said, mostly -ENOMEM. May sleep.
 */
struct qtee_pool_item *qtee_pool_make(struct qtee_pool *pool)
{
	struct qtee_pool_item *item;

	scoped_guard(spinlock, &pool->lock) {
		if (pool->count >= pool->limit)
			return ERR_PTR(-EAGAIN);
		pool->count++;
	}
	item = pool->ops->make(pool);
	scoped_guard(spinlock, &pool->lock) {
		if (IS_ERR(item))
			pool->count--;
		else
			pool->high_water = max(pool->high_water, pool->count);
	}
	trace_qtee_pool_grow(pool, PTR_ERR_OR_ZERO(item));
	return item;
}

/* Waits for an item, for so long as the tunable says. NULL when none came. */
static struct qtee_pool_item *qtee_pool_wait(struct qtee_pool *pool)
{
	unsigned long timeout = msecs_to_jiffies(qtee_tuning(message_wait_ms));
	struct qtee_pool_item *item = NULL;

	scoped_guard(spinlock, &pool->lock) {
		/* With none in use, none will come. */
		if (!timeout || !pool->count)
			return NULL;
		pool->waits++;
		pool->waiting++;
	}
	if (pool->ops->gather)
		pool->ops->gather();
	wait_event_killable_timeout(pool->wait, (item = qtee_pool_take(pool)), timeout);
	scoped_guard(spinlock, &pool->lock)
		pool->waiting--;
	return item;
}

/* Makes an item, or waits for one. Returns as qtee_pool_get(). */
static struct qtee_pool_item *qtee_pool_get_slow(struct qtee_pool *pool)
{
	struct qtee_pool_item *item, *waited;

	scoped_guard(spinlock, &pool->lock)
		pool->misses++;
	item = qtee_pool_make(pool);
	if (IS_ERR(item) && item != ERR_PTR(-EAGAIN)) {
		/* What other pools have idle may be what is missing. */
		qtee_pool_flush_all();
		item = qtee_pool_make(pool);
	}
	if (!IS_ERR(item))
		return item;

	waited = qtee_pool_wait(pool);
	if (waited)
		return waited;
	scoped_guard(spinlock, &pool->lock)
		pool->failures++;
	return item;
}

/**
 * qtee_pool_get() - take an item
 * @pool: the pool
 *
 * Return: the item; ERR_PTR(-EAGAIN) when all that may be are in use; ERR_PTR(-ENOMEM).
 * Context: process context, may sleep, for message_wait_ms when there is none.
 */
struct qtee_pool_item *qtee_pool_get(struct qtee_pool *pool)
{
	struct qtee_pool_item *item = qtee_pool_take(pool);

	if (item)
		return item;
	trace_qtee_pool_miss(pool, 0);
	item = qtee_pool_get_slow(pool);
	trace_qtee_pool_served(pool, PTR_ERR_OR_ZERO(item));
	return item;
}

/**
 * qtee_pool_put() - give an item back
 * @pool: its pool
 * @item: the item
 *
 * Context: process context, may sleep.
 */
void qtee_pool_put(struct qtee_pool *pool, struct qtee_pool_item *item)
{
	bool keep, wake, trim;

	spin_lock(&pool->lock);
	keep = pool->count <= pool->limit && (!pool->ops->fits || pool->ops->fits(item));
	if (keep) {
		item->since = jiffies;
		list_add(&item->node, &pool->idle);
		pool->idle_count++;
	} else {
		pool->count--;
	}
	wake = pool->waiting;
	trim = pool->idle_count > pool->spare;
	spin_unlock(&pool->lock);

	if (!keep) {
		trace_qtee_pool_shrink(pool, 0);
		pool->ops->destroy(item);
	}
	if (wake)
		wake_up(&pool->wait);
	if (trim)
		schedule_delayed_work(&qtee_pool_trim_work, msecs_to_jiffies(qtee_tuning(trim_ms)));
}

/* An item will not come back. Its user has seen to it. */
void qtee_pool_lose(struct qtee_pool *pool)
{
	scoped_guard(spinlock, &pool->lock)
		pool->count--;
	wake_up(&pool->wait);
}

static void qtee_pool_refill(struct work_struct *work)
{
	struct qtee_pool *pool = container_of(work, struct qtee_pool, refill);
	struct qtee_pool_item *item;

	while (READ_ONCE(pool->idle_count) < READ_ONCE(pool->spare)) {
		item = qtee_pool_make(pool);
		if (IS_ERR(item))
			return;
		qtee_pool_put(pool, item);
	}
}

/* Gives back what is idle beyond the spare ones for longer than the tunable says. */
static void qtee_pool_trim(struct work_struct *work)
{
	unsigned long delay = msecs_to_jiffies(qtee_tuning(trim_ms));
	struct qtee_pool *pool;
	bool left = false;

	list_for_each_entry(pool, &qtee_pools, node) {
		LIST_HEAD(doomed);

		scoped_guard(spinlock, &pool->lock) {
			while (pool->idle_count > pool->spare) {
				struct qtee_pool_item *item = list_last_entry(&pool->idle, struct qtee_pool_item, node);

				if (time_before(jiffies, item->since + delay))
					break;
				qtee_pool_evict(pool, &doomed);
			}
			left |= pool->idle_count > pool->spare;
		}
		qtee_pool_destroy_all(pool, &doomed);
	}
	if (left)
		schedule_delayed_work(&qtee_pool_trim_work, max(delay / 2, 1));
}

/* A tunable changed: what is idle goes, and what is made from now on is as it says. May sleep. */
void qtee_pool_renew(void)
{
	struct qtee_pool *pool;

	qtee_pool_flush_all();
	list_for_each_entry(pool, &qtee_pools, node)
		if (pool->ops->gather)
			pool->ops->gather();
	/* It may have been asked for with another delay. */
	cancel_delayed_work(&qtee_pool_trim_work);
	schedule_delayed_work(&qtee_pool_trim_work, msecs_to_jiffies(qtee_tuning(trim_ms)));
}

static void qtee_pool_reap(struct work_struct *work)
{
	struct qtee_pool *pool;

	list_for_each_entry(pool, &qtee_pools, node) {
		LIST_HEAD(doomed);

		scoped_guard(spinlock, &pool->lock)
			list_splice_init(&pool->doomed, &doomed);
		qtee_pool_destroy_all(pool, &doomed);
	}
}

static unsigned long qtee_pool_shrink_count(struct shrinker *shrinker, struct shrink_control *control)
{
	unsigned long pages = 0;
	struct qtee_pool *pool;

	list_for_each_entry(pool, &qtee_pools, node)
		pages += (unsigned long)READ_ONCE(pool->idle_count) * (pool->size >> PAGE_SHIFT);
	return pages ?: SHRINK_EMPTY;
}

/* Whoever needs memory may hold any lock, and giving memory back may mean an SMC: so a worker does that. */
static unsigned long qtee_pool_shrink_scan(struct shrinker *shrinker, struct shrink_control *control)
{
	unsigned long pages = 0;
	struct qtee_pool *pool;

	list_for_each_entry(pool, &qtee_pools, node) {
		spin_lock(&pool->lock);
		while (pool->idle_count && pages < control->nr_to_scan) {
			qtee_pool_evict(pool, &pool->doomed);
			pages += pool->size >> PAGE_SHIFT;
		}
		spin_unlock(&pool->lock);
	}
	control->nr_scanned = pages;
	if (!pages)
		return SHRINK_STOP;
	schedule_work(&qtee_pool_reap_work);
	return pages;
}

/* The pool that follows in the list; the first one after NULL. */
struct qtee_pool *qtee_pool_next(struct qtee_pool *pool)
{
	struct list_head *node = pool ? pool->node.next : qtee_pools.next;

	return node == &qtee_pools ? NULL : list_entry(node, struct qtee_pool, node);
}

/* Adds a pool, before the first invocation and in order of size. Its name, ops, size, spare and limit are set. */
void qtee_pool_add(struct qtee_pool *pool)
{
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->idle);
	INIT_LIST_HEAD(&pool->doomed);
	init_waitqueue_head(&pool->wait);
	INIT_WORK(&pool->refill, qtee_pool_refill);
	list_add(&pool->node, &qtee_pools);
}

/* Removes a pool that nobody has an item of, after qtee_pool_exit(). */
void qtee_pool_remove(struct qtee_pool *pool)
{
	cancel_work_sync(&pool->refill);
	qtee_pool_flush(pool);
	list_del(&pool->node);
}

/* The pools are there. Returns 0 or -ENOMEM. */
int qtee_pool_init(void)
{
	qtee_pool_shrinker = shrinker_alloc(0, "qtee-pools");
	if (!qtee_pool_shrinker)
		return -ENOMEM;
	qtee_pool_shrinker->count_objects = qtee_pool_shrink_count;
	qtee_pool_shrinker->scan_objects = qtee_pool_shrink_scan;
	shrinker_register(qtee_pool_shrinker);
	return 0;
}

/* The background ends; the pools are still there. */
void qtee_pool_exit(void)
{
	shrinker_free(qtee_pool_shrinker);
	flush_work(&qtee_pool_reap_work);
	cancel_delayed_work_sync(&qtee_pool_trim_work);
}
