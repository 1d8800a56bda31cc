/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory objects: dma-bufs that QTEE can map. */
#ifndef _QTEE_MEMORY_H
#define _QTEE_MEMORY_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/qtee.h>
#include <linux/spinlock.h>

#include "../shmbridge/bridge.h"

struct dma_buf;
struct dma_buf_attachment;
struct sg_table;

/**
 * enum qtee_memory_state - life of a memory object
 * @QTEE_MEMORY_MAKING: being attached, mapped and bridged by the thread that asked first; others wait
 * @QTEE_MEMORY_LIVE: somebody has a reference, or is just putting the last one
 * @QTEE_MEMORY_IDLE: nobody has; all is still in place for the next who asks
 * @QTEE_MEMORY_ENDING: being taken apart by one thread; whoever wants the dma-buf's memory object waits and makes
 *	another
 */
enum qtee_memory_state {
	QTEE_MEMORY_MAKING,
	QTEE_MEMORY_LIVE,
	QTEE_MEMORY_IDLE,
	QTEE_MEMORY_ENDING,
};

/**
 * struct qtee_memory - a memory object
 * @object: what the core knows; its count is 0 but in state LIVE
 * @node: in the table, by @dmabuf
 * @rcu: for the end
 * @state: enum qtee_memory_state
 * @resident: of a dma-buf of our own, and lives as long as that; see export.c. It is never in the list of idle ones,
 *	and has neither @attachment nor @table
 * @idle: in the list of idle ones
 * @since: jiffies when it became idle
 * @dmabuf: the dma-buf, with a reference; a resident one has that only in state LIVE
 * @attachment: to it
 * @table: its mapping
 * @bridge: over all of it
 * @paddr: where it is
 * @size: bytes, whole pages
 * @perms: QTEE_PERM_READ, and QTEE_PERM_WRITE unless the dma-buf's fd is read-only
 *
 * There is one for a dma-buf at most, and so one bridge.
 *
 * Locking: @state, @node, @idle and @since: qtee_memory_lock; @node and @state are also read under RCU. All that
 * follows belongs to one thread in states MAKING and ENDING, and does not change in between.
 */
struct qtee_memory {
	struct qtee_object object;
	struct hlist_node node;
	struct rcu_head rcu;
	enum qtee_memory_state state;
	bool resident;
	struct list_head idle;
	unsigned long since;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	struct qtee_bridge bridge;
	phys_addr_t paddr;
	u64 size;
	u32 perms;
};

/* Counters: name in sysfs, what it counts. */
#define QTEE_MEMORY_STATS(X) \
	X(PASSES, passes)	/* times that a memory object was asked for by its dma-buf */ \
	X(ATTACHED, attached)	/* times that a dma-buf was attached */ \
	X(MAPPED, mapped)	/* times that one was mapped */ \
	X(BRIDGED, bridged)	/* times that one, or memory of ours, was bridged */ \
	X(TOLD, told)		/* times that QTEE was told where the memory is */ \
	X(OBJECTS, objects)	/* memory objects of other exporters' dma-bufs that exist, idle ones among them */ \
	X(IDLE, idle)		/* of those, the ones that nobody holds */ \
	X(EXPORTED, exported)	/* dma-bufs of our own that exist */ \
	X(EXPORTED_BYTES, exported_bytes)	/* their memory, each rounded up to a power of two of pages */

enum qtee_memory_stat {
#define X(id, name) QTEE_MEMORY_STAT_##id,
	QTEE_MEMORY_STATS(X)
#undef X
	QTEE_MEMORY_STAT_NUM
};

extern atomic_long_t qtee_memory_stats[QTEE_MEMORY_STAT_NUM];

static inline void qtee_memory_stat_inc(enum qtee_memory_stat stat)
{
	atomic_long_inc(&qtee_memory_stats[stat]);
}

static inline void qtee_memory_stat_dec(enum qtee_memory_stat stat)
{
	atomic_long_dec(&qtee_memory_stats[stat]);
}

/* memory.c */
extern spinlock_t qtee_memory_lock;
extern const struct qtee_param_type qtee_memory_type;
void qtee_memory_ending_set(struct qtee_memory *memory);
void qtee_memory_end(struct qtee_memory *memory);
int qtee_memory_ended_wait(unsigned int timeout_ms);
void qtee_memory_resident_add(struct qtee_memory *memory, struct dma_buf *dmabuf);
void qtee_memory_resident_remove(struct qtee_memory *memory);
struct seq_file;
void qtee_memory_print(struct seq_file *seq);

/* import.c */
int qtee_import_attach(struct qtee_memory *memory);
void qtee_import_detach(struct qtee_memory *memory);

/* export.c */
struct file *qtee_export_alloc(u64 *size, u32 flags, u32 fd_flags);
struct qtee_object *qtee_export_object(u64 size, struct qtee_buffer *buffer);

/* idle.c */
bool qtee_idle_add(struct qtee_memory *memory);
void qtee_idle_added(void);
void qtee_idle_remove(struct qtee_memory *memory);
void qtee_idle_flush(bool wait);
int qtee_idle_init(void);
void qtee_idle_exit(void);

#endif /* _QTEE_MEMORY_H */
