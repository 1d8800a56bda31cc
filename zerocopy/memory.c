// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory objects: dma-bufs that QTEE can map.
 *
 * A dma-buf is attached, mapped and bridged once, when it is first passed. All who pass it share one memory object.
 * When nobody holds it any more, neither QTEE nor an invocation, it stays as it is for a while (idle.c), so that the
 * next pass costs a look into a table.
 *
 * Locking: qtee_memory_lock guards the table, the states and the list of idle ones. It is a leaf, and no more than list
 * operations are done under it: a memory object is made and taken apart by the one thread that put it in state MAKING
 * or ENDING, with no lock held, while others who want it wait for qtee_memory_changes.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <misc/qcom_tee.h>

#include "memory.h"
#include "../tracepoints/trace.h"

/* A bucket each for as many dma-bufs as a system has. */
#define QTEE_MEMORY_TABLE_BITS	10

DEFINE_SPINLOCK(qtee_memory_lock);
atomic_long_t qtee_memory_stats[QTEE_MEMORY_STAT_NUM];

static DEFINE_HASHTABLE(qtee_memory_table, QTEE_MEMORY_TABLE_BITS);
/* How often a memory object left a state that others wait for; changed under the lock. */
static unsigned long qtee_memory_changes;
static DECLARE_WAIT_QUEUE_HEAD(qtee_memory_wait);

/* How many are in state ENDING, but for resident ones; changes under the lock. */
static unsigned long qtee_memory_ending;

/* Puts a memory object in a state, and wakes who waits for that. The lock is held. */
static void qtee_memory_state_set(struct qtee_memory *memory, enum qtee_memory_state state)
{
	lockdep_assert_held(&qtee_memory_lock);
	/* A reader that sees LIVE sees the object as it was made. */
	smp_store_release(&memory->state, state);
	WRITE_ONCE(qtee_memory_changes, qtee_memory_changes + 1);
	if (wq_has_sleeper(&qtee_memory_wait))
		wake_up_all(&qtee_memory_wait);
}

/* Puts one that is not resident in state ENDING. The lock is held, and qtee_memory_end() has to follow. */
void qtee_memory_ending_set(struct qtee_memory *memory)
{
	WRITE_ONCE(qtee_memory_ending, qtee_memory_ending + 1);
	qtee_memory_state_set(memory, QTEE_MEMORY_ENDING);
}

/**
 * qtee_memory_ended_wait() - wait until all that are in state ENDING are gone, bridges and all
 * @timeout_ms: how long at most: QTEE may not let go of a bridge, and others may keep ending memory objects
 *
 * Return: 0; -EAGAIN when it took too long; -EINTR when the caller is being killed.
 * Context: process context, sleeps.
 */
int qtee_memory_ended_wait(unsigned int timeout_ms)
{
	long left = wait_event_killable_timeout(qtee_memory_wait, !READ_ONCE(qtee_memory_ending),
						msecs_to_jiffies(timeout_ms));

	if (left < 0)
		return -EINTR;
	return left ? 0 : -EAGAIN;
}

static int qtee_memory_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args)
{
	return -EOPNOTSUPP;
}

static int qtee_memory_map(struct qtee_object *object, struct qtee_mapping *mapping)
{
	struct qtee_memory *memory = container_of(object, struct qtee_memory, object);

	mapping->paddr = memory->paddr;
	mapping->size = memory->size;
	mapping->perms = memory->perms;
	/* Unmapping is letting go: the object itself is what QTEE holds while it maps. */
	mapping->handle = qtee_object_get(object);
	qtee_memory_stat_inc(QTEE_MEMORY_STAT_TOLD);
	return 0;
}

/* Nobody finds the memory object any more, nor does anybody have it. */
static void qtee_memory_remove(struct qtee_memory *memory)
{
	spin_lock(&qtee_memory_lock);
	hash_del_rcu(&memory->node);
	if (!memory->resident)
		WRITE_ONCE(qtee_memory_ending, qtee_memory_ending - 1);
	qtee_memory_state_set(memory, QTEE_MEMORY_ENDING);
	spin_unlock(&qtee_memory_lock);
}

/* QTEE can't see the memory any more, or never could. */
static void qtee_memory_gone(struct qtee_bridge *bridge)
{
	struct qtee_memory *memory = container_of(bridge, struct qtee_memory, bridge);

	if (memory->table)
		qtee_import_detach(memory);
	/* Not where making it failed. */
	if (trace_qtee_memory_unmap_enabled() && READ_ONCE(memory->state) == QTEE_MEMORY_ENDING)
		trace_qtee_memory_unmap(memory->paddr, memory->size);
	qtee_memory_remove(memory);
	qtee_memory_stat_dec(QTEE_MEMORY_STAT_OBJECTS);
	dma_buf_put(memory->dmabuf);
	kfree_rcu(memory, rcu);
}

/**
 * qtee_memory_end() - take a memory object apart and forget it
 * @memory: in state ENDING; not a resident one
 *
 * Context: process context, may sleep.
 */
void qtee_memory_end(struct qtee_memory *memory)
{
	qtee_bridge_delete_then(&memory->bridge, qtee_memory_gone);
}

static void qtee_memory_release(struct qtee_object *object)
{
	struct qtee_memory *memory = container_of(object, struct qtee_memory, object);
	struct dma_buf *dmabuf = memory->resident ? memory->dmabuf : NULL;
	bool idle;

	scoped_guard(spinlock, &qtee_memory_lock) {
		idle = dmabuf || qtee_idle_add(memory);
		if (idle)
			qtee_memory_state_set(memory, QTEE_MEMORY_IDLE);
		else
			qtee_memory_ending_set(memory);
	}
	/* An idle one may be gone already. */
	if (dmabuf)
		dma_buf_put(dmabuf);
	else if (idle)
		qtee_idle_added();
	else
		qtee_memory_end(memory);
}

static struct qtee_object *qtee_memory_from_user(u64 id);
static struct file *qtee_memory_to_file(struct qtee_object *object);

const struct qtee_param_type qtee_memory_type = {
	.host_id = QCOM_TEE_MEMORY_OBJECT,
	.owner = THIS_MODULE,
	.from_user = qtee_memory_from_user,
	.to_file = qtee_memory_to_file,
	.features = QCOM_TEE_FEATURE_ALLOC,
	.alloc = qtee_export_alloc,
	.alloc_object = qtee_export_object,
};

static const struct qtee_object_ops qtee_memory_ops = {
	.name = "memory",
	.owner = THIS_MODULE,
	.param_type = &qtee_memory_type,
	.dispatch = qtee_memory_dispatch,
	.map = qtee_memory_map,
	.release = qtee_memory_release,
};

/* The memory object of a dma-buf that is in the table. Under the lock, or RCU. */
static struct qtee_memory *qtee_memory_find(const struct dma_buf *dmabuf)
{
	struct qtee_memory *memory;

	hash_for_each_possible_rcu(qtee_memory_table, memory, node, (unsigned long)dmabuf,
				   lockdep_is_held(&qtee_memory_lock))
		if (memory->dmabuf == dmabuf)
			return memory;
	return NULL;
}

/* A reference to a memory object that is in the table, if it can be had now. The lock is held. */
static bool qtee_memory_take(struct qtee_memory *memory)
{
	switch (memory->state) {
	case QTEE_MEMORY_LIVE:
		return refcount_inc_not_zero(&memory->object.refs);
	case QTEE_MEMORY_IDLE:
		if (memory->resident)
			get_dma_buf(memory->dmabuf);
		else
			qtee_idle_remove(memory);
		qtee_object_revive(&memory->object);
		qtee_memory_state_set(memory, QTEE_MEMORY_LIVE);
		return true;
	default:
		return false;
	}
}

/**
 * qtee_memory_resident_add() - the memory object of a dma-buf of our own
 * @memory: all but what this sets is set
 * @dmabuf: its dma-buf, which nobody else has yet
 *
 * Context: process context.
 */
void qtee_memory_resident_add(struct qtee_memory *memory, struct dma_buf *dmabuf)
{
	memory->resident = true;
	memory->dmabuf = dmabuf;
	memory->object.ops = &qtee_memory_ops;
	memory->object.kind = QTEE_OBJECT_CB;
	INIT_LIST_HEAD(&memory->idle);
	spin_lock(&qtee_memory_lock);
	memory->state = QTEE_MEMORY_IDLE;
	hash_add_rcu(qtee_memory_table, &memory->node, (unsigned long)dmabuf);
	spin_unlock(&qtee_memory_lock);
}

/**
 * qtee_memory_resident_remove() - forget the memory object of a dma-buf of our own, which is going
 * @memory: nobody has it: whoever had would have the dma-buf. Others may still look at it under RCU.
 *
 * Context: process context.
 */
void qtee_memory_resident_remove(struct qtee_memory *memory)
{
	qtee_memory_remove(memory);
}

/* Makes what qtee_memory_get_slow() has put into the table. Returns 0 or an errno, and then it is gone again. */
static int qtee_memory_make(struct qtee_memory *memory)
{
	int ret = qtee_import_attach(memory);

	trace_qtee_memory_map(memory->paddr, memory->size, memory->perms, ret, memory->dmabuf->exp_name);
	if (ret) {
		scoped_guard(spinlock, &qtee_memory_lock)
			qtee_memory_ending_set(memory);
		qtee_memory_end(memory);
		return ret;
	}
	spin_lock(&qtee_memory_lock);
	qtee_object_init(&memory->object, &qtee_memory_ops);
	qtee_memory_state_set(memory, QTEE_MEMORY_LIVE);
	spin_unlock(&qtee_memory_lock);
	return 0;
}

/*
 * One look for a dma-buf's memory object, under the lock. Returns 1 with a reference to the one that is there; 0 when
 * there was none and @made is in its place now, in state MAKING; -ENOENT when there is none and @made is NULL; -EAGAIN
 * when there is one that has to change its state first, and then @changes is where to wait from.
 */
static int qtee_memory_look(struct dma_buf *dmabuf, struct qtee_memory *made, struct qtee_memory **memory,
			    unsigned long *changes)
{
	int ret = 0;

	spin_lock(&qtee_memory_lock);
	*changes = qtee_memory_changes;
	*memory = qtee_memory_find(dmabuf);
	if (*memory) {
		ret = qtee_memory_take(*memory) ? 1 : -EAGAIN;
	} else if (!made) {
		ret = -ENOENT;
	} else {
		get_dma_buf(dmabuf);
		made->dmabuf = dmabuf;
		hash_add_rcu(qtee_memory_table, &made->node, (unsigned long)dmabuf);
		qtee_memory_stat_inc(QTEE_MEMORY_STAT_OBJECTS);
	}
	spin_unlock(&qtee_memory_lock);
	return ret;
}

/* The memory object of a dma-buf, where it is not just a reference more; see qtee_memory_object_get(). */
static struct qtee_object *qtee_memory_get_slow(struct dma_buf *dmabuf)
{
	struct qtee_memory *memory, *made = NULL;
	unsigned long changes;
	int ret;

	for (;;) {
		ret = qtee_memory_look(dmabuf, made, &memory, &changes);
		if (ret == 1)
			break;
		if (!ret) {
			ret = qtee_memory_make(made);
			return ret ? ERR_PTR(ret) : &made->object;
		}
		if (ret == -EAGAIN) {
			ret = wait_event_killable(qtee_memory_wait, READ_ONCE(qtee_memory_changes) != changes);
			if (!ret)
				continue;
			kfree(made);
			return ERR_PTR(-EINTR);
		}
		made = kzalloc(sizeof(*made), GFP_KERNEL);
		if (!made)
			return ERR_PTR(-ENOMEM);
		INIT_LIST_HEAD(&made->idle);
	}

	/* Somebody else was faster. */
	kfree(made);
	return &memory->object;
}

/**
 * qtee_memory_object_get() - the memory object of a dma-buf
 * @dmabuf: the dma-buf; a reference of its own is taken
 *
 * Return: the object, with a reference; ERR_PTR(): -EOPNOTSUPP when the memory is not one range of whole pages,
 *	-ENOMEM, -EINTR when the caller is being killed, an errno of the exporter or of qtee_bridge_create().
 * Context: process context, may sleep.
 */
struct qtee_object *qtee_memory_object_get(struct dma_buf *dmabuf)
{
	struct qtee_memory *memory;

	qtee_memory_stat_inc(QTEE_MEMORY_STAT_PASSES);
	scoped_guard(rcu) {
		memory = qtee_memory_find(dmabuf);
		/* Pairs with qtee_memory_state_set(): LIVE means that it is made. */
		if (memory && smp_load_acquire(&memory->state) == QTEE_MEMORY_LIVE &&
		    refcount_inc_not_zero(&memory->object.refs))
			return &memory->object;
	}
	return qtee_memory_get_slow(dmabuf);
}
EXPORT_SYMBOL_GPL(qtee_memory_object_get);

static struct qtee_object *qtee_memory_from_user(u64 id)
{
	struct qtee_object *object;
	struct dma_buf *dmabuf;

	if (id > INT_MAX)
		return ERR_PTR(-EBADF);
	dmabuf = dma_buf_get(id);
	if (IS_ERR(dmabuf))
		return ERR_PTR(-EBADF);
	object = qtee_memory_object_get(dmabuf);
	dma_buf_put(dmabuf);
	return object;
}

static struct file *qtee_memory_to_file(struct qtee_object *object)
{
	struct qtee_memory *memory = container_of(object, struct qtee_memory, object);

	return get_file(memory->dmabuf->file);
}

/* A line for each memory object: name, references, address and length. Those of 0 references are idle. */
void qtee_memory_print(struct seq_file *seq)
{
	struct qtee_memory *memory;
	unsigned int bucket;

	spin_lock(&qtee_memory_lock);
	hash_for_each(qtee_memory_table, bucket, memory, node)
		if (memory->state == QTEE_MEMORY_LIVE || memory->state == QTEE_MEMORY_IDLE)
			seq_printf(seq, "%s %u 0x%llx %llu\n", memory->dmabuf->exp_name,
				   refcount_read(&memory->object.refs), (u64)memory->paddr, memory->size);
	spin_unlock(&qtee_memory_lock);
}
