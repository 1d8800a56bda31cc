// SPDX-License-Identifier: GPL-2.0-only
/*
 * Idle memory objects: nobody holds them, and all is still in place for the next pass.
 *
 * They must not keep memory alive that nobody can use. A worker takes apart those whose dma-buf has no other user any
 * more, those that have been idle for memory_idle_ms, and the oldest of more than memory_idle_max. Under memory
 * pressure a shrinker has it take apart more; it can't do so itself, since that takes a dma-buf's lock, under which
 * exporters allocate memory.
 *
 * Locking: qtee_memory_lock guards the list.
 */
#include <linux/dma-buf.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "memory.h"

/* How often the worker looks, in ms, while there is something to look at. */
#define QTEE_IDLE_LOOK_MS	100

static void qtee_idle_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(qtee_idle_worker, qtee_idle_work);
static struct workqueue_struct *qtee_idle_wq;

/* Oldest first. */
static LIST_HEAD(qtee_idle_list);
static unsigned int qtee_idle_count;
/* How many of the oldest are to go whatever their age. */
static unsigned int qtee_idle_doomed;
static struct shrinker *qtee_idle_shrinker;

static int qtee_idle_param_set(const char *value, const struct kernel_param *param)
{
	int ret = param_set_uint(value, param);

	/* Not before the module's init, when there is none. */
	if (!ret && READ_ONCE(qtee_idle_count))
		mod_delayed_work(qtee_idle_wq, &qtee_idle_worker, 0);
	return ret;
}

static const struct kernel_param_ops qtee_idle_param_ops = {
	.set = qtee_idle_param_set,
	.get = param_get_uint,
};

static unsigned int memory_idle_ms = 1000;
module_param_cb(memory_idle_ms, &qtee_idle_param_ops, &memory_idle_ms, 0644);
MODULE_PARM_DESC(memory_idle_ms, "How long memory that QTEE let go stays mapped and bridged, in ms (default 1000; 0: not)");

static unsigned int memory_idle_max = 64;
module_param_cb(memory_idle_max, &qtee_idle_param_ops, &memory_idle_max, 0644);
MODULE_PARM_DESC(memory_idle_max, "Most memory objects that stay so (default 64)");

/* Nobody but the memory object itself has the dma-buf. */
static bool qtee_idle_unused(const struct qtee_memory *memory)
{
	return file_count(memory->dmabuf->file) == 1;
}

/*
 * Takes in a memory object whose last reference is gone. Returns false when it is to end now. The lock is held, and
 * qtee_idle_added() has to follow when it is not any more.
 */
bool qtee_idle_add(struct qtee_memory *memory)
{
	lockdep_assert_held(&qtee_memory_lock);
	if (!READ_ONCE(memory_idle_ms) || !READ_ONCE(memory_idle_max) || qtee_idle_unused(memory))
		return false;
	memory->since = jiffies;
	list_add_tail(&memory->idle, &qtee_idle_list);
	WRITE_ONCE(qtee_idle_count, qtee_idle_count + 1);
	qtee_memory_stat_inc(QTEE_MEMORY_STAT_IDLE);
	return true;
}

/* Has the worker look, soon when there are too many. Any context. */
void qtee_idle_added(void)
{
	if (READ_ONCE(qtee_idle_count) > READ_ONCE(memory_idle_max))
		mod_delayed_work(qtee_idle_wq, &qtee_idle_worker, 0);
	else
		queue_delayed_work(qtee_idle_wq, &qtee_idle_worker, msecs_to_jiffies(QTEE_IDLE_LOOK_MS));
}

/* Takes one out, which is idle no more. The lock is held. */
void qtee_idle_remove(struct qtee_memory *memory)
{
	lockdep_assert_held(&qtee_memory_lock);
	list_del_init(&memory->idle);
	WRITE_ONCE(qtee_idle_count, qtee_idle_count - 1);
	qtee_memory_stat_dec(QTEE_MEMORY_STAT_IDLE);
}

/* The next one that is to go, out of the list and in state ENDING; NULL when all may stay. */
static struct qtee_memory *qtee_idle_next(bool all)
{
	unsigned long age = msecs_to_jiffies(READ_ONCE(memory_idle_ms));
	struct qtee_memory *memory, *next = NULL;

	spin_lock(&qtee_memory_lock);
	list_for_each_entry(memory, &qtee_idle_list, idle) {
		/* Only the first is the oldest; of the others, those that nobody can pass any more. */
		bool oldest = list_is_first(&memory->idle, &qtee_idle_list) &&
			      (all || qtee_idle_doomed || qtee_idle_count > READ_ONCE(memory_idle_max) ||
			       time_after_eq(jiffies, memory->since + age));

		if (!oldest && !qtee_idle_unused(memory))
			continue;
		if (qtee_idle_doomed)
			qtee_idle_doomed--;
		qtee_idle_remove(memory);
		qtee_memory_ending_set(memory);
		next = memory;
		break;
	}
	if (!next)
		qtee_idle_doomed = 0;
	spin_unlock(&qtee_memory_lock);
	return next;
}

/**
 * qtee_idle_flush() - end all that are idle, now
 * @wait: wait until their bridges are gone, however long QTEE holds them; else see qtee_memory_ended_wait()
 *
 * Context: process context, may sleep.
 */
void qtee_idle_flush(bool wait)
{
	struct qtee_memory *memory;

	while ((memory = qtee_idle_next(true))) {
		if (wait)
			qtee_bridge_delete(&memory->bridge);
		qtee_memory_end(memory);
	}
}

static void qtee_idle_work(struct work_struct *work)
{
	struct qtee_memory *memory;

	while ((memory = qtee_idle_next(false)))
		qtee_memory_end(memory);
	if (READ_ONCE(qtee_idle_count))
		queue_delayed_work(qtee_idle_wq, &qtee_idle_worker, msecs_to_jiffies(QTEE_IDLE_LOOK_MS));
}

static unsigned long qtee_idle_shrink_count(struct shrinker *shrinker, struct shrink_control *control)
{
	return READ_ONCE(qtee_idle_count) ?: SHRINK_EMPTY;
}

static unsigned long qtee_idle_shrink_scan(struct shrinker *shrinker, struct shrink_control *control)
{
	unsigned long doomed;

	scoped_guard(spinlock, &qtee_memory_lock) {
		doomed = min_t(unsigned long, control->nr_to_scan,
			       qtee_idle_count - min(qtee_idle_count, qtee_idle_doomed));
		qtee_idle_doomed += doomed;
	}
	if (!doomed)
		return SHRINK_STOP;
	mod_delayed_work(qtee_idle_wq, &qtee_idle_worker, 0);
	return doomed;
}

/* Returns 0, -ENOMEM. */
int qtee_idle_init(void)
{
	qtee_idle_wq = alloc_workqueue("qtee_memory", WQ_UNBOUND, 1);
	if (!qtee_idle_wq)
		return -ENOMEM;
	qtee_idle_shrinker = shrinker_alloc(0, "qtee-memory");
	if (!qtee_idle_shrinker) {
		destroy_workqueue(qtee_idle_wq);
		return -ENOMEM;
	}
	qtee_idle_shrinker->count_objects = qtee_idle_shrink_count;
	qtee_idle_shrinker->scan_objects = qtee_idle_shrink_scan;
	shrinker_register(qtee_idle_shrinker);
	return 0;
}

/* All of them end. Nobody has a memory object any more, nor can get one. */
void qtee_idle_exit(void)
{
	shrinker_free(qtee_idle_shrinker);
	disable_delayed_work_sync(&qtee_idle_worker);
	destroy_workqueue(qtee_idle_wq);
	/* Nothing of this module may run later. */
	qtee_idle_flush(true);
}
