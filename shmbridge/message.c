// SPDX-License-Identifier: GPL-2.0-only
/*
 * Message buffers: pairs of an inbound and an outbound buffer, made ahead and kept.
 *
 * Each CPU has a few free pairs, which an invocation takes and gives back with preemption off for a handful of
 * instructions: no lock, no allocation, no interrupt disabled. Those lists run over into a pool that all CPUs share. A
 * pair belongs to its invocation and not to a CPU, so the thread may migrate, sleep, and nest: it gives the pair back
 * to wherever it is then. Messages that are too large for a pair borrow an inbound buffer of a size class.
 *
 * Locking: a CPU's list belongs to the tasks on that CPU while they can't be preempted; no interrupt touches it. Other
 * CPUs have a worker on that CPU empty it, or wait until it is offline.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../kmod/msg.h"
#include "../kmod/stats.h"
#include "block.h"
#include "class.h"
#include "message.h"
#include "tuning.h"

DEFINE_PER_CPU(struct qtee_message_cpu, qtee_message_cpus);
static DEFINE_IDA(qtee_message_ids);
static enum cpuhp_state qtee_message_hotplug;

static struct qtee_message *qtee_message_from(const struct qtee_pool_item *item)
{
	return container_of(item, struct qtee_message, item);
}

static struct qtee_pool_item *qtee_message_make(struct qtee_pool *pool)
{
	u32 in_size = qtee_tuning(message_in_kib) * SZ_1K, out_size = qtee_tuning(message_out_kib) * SZ_1K;
	struct qtee_message *message = kzalloc(sizeof(*message), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!message)
		return ERR_PTR(-ENOMEM);
	ret = ida_alloc_min(&qtee_message_ids, QTEE_CONTEXT_FIRST, GFP_KERNEL);
	if (ret < 0)
		goto err_free;
	message->context_id = ret;
	message->block = qtee_block_new(in_size + out_size);
	if (IS_ERR(message->block)) {
		ret = PTR_ERR(message->block);
		goto err_id;
	}

	message->in.addr = message->block->addr;
	message->in.paddr = message->block->paddr;
	message->in.size = in_size;
	message->out.addr = message->in.addr + in_size;
	message->out.paddr = message->in.paddr + in_size;
	message->out.size = out_size;
	qtee_stat_inc(QTEE_STAT_MESSAGES);
	return &message->item;

err_id:
	ida_free(&qtee_message_ids, message->context_id);
err_free:
	kfree(message);
	return ERR_PTR(ret);
}

/* Frees all but the memory that QTEE sees. */
static void qtee_message_free(struct qtee_message *message)
{
	ida_free(&qtee_message_ids, message->context_id);
	kfree(message);
	qtee_stat_dec(QTEE_STAT_MESSAGES);
}

static void qtee_message_destroy(struct qtee_pool_item *item)
{
	struct qtee_message *message = qtee_message_from(item);

	qtee_block_free(message->block);
	qtee_message_free(message);
}

static bool qtee_message_fits(const struct qtee_pool_item *item)
{
	const struct qtee_message *message = qtee_message_from(item);

	return message->in.size == qtee_tuning(message_in_kib) * SZ_1K &&
	       message->out.size == qtee_tuning(message_out_kib) * SZ_1K;
}

/* What the CPUs have of it together, about: they go on meanwhile. */
#define qtee_message_sum(field) ({ \
	u64 _sum = 0; \
	int _cpu; \
	for_each_possible_cpu(_cpu) \
		_sum += READ_ONCE(per_cpu(qtee_message_cpus, _cpu).field); \
	_sum; \
})

static u64 qtee_message_hits(void)
{
	return qtee_message_sum(hits);
}

static unsigned int qtee_message_cached(void)
{
	return qtee_message_sum(count);
}

static void qtee_message_gather(void);

static const struct qtee_pool_ops qtee_message_ops = {
	.make = qtee_message_make,
	.destroy = qtee_message_destroy,
	.fits = qtee_message_fits,
	.gather = qtee_message_gather,
	.hits = qtee_message_hits,
	.outside = qtee_message_cached,
};

struct qtee_pool qtee_message_pool = {
	.name = "pairs",
	.ops = &qtee_message_ops,
};

/* Has nothing left in the pair's own inbound buffer. */
void qtee_message_left_clear(struct qtee_message *message)
{
	memset(message->in.addr, 0, message->left);
	message->left = 0;
}

static void qtee_message_pool_put(struct qtee_message *message)
{
	qtee_message_left_clear(message);
	qtee_pool_put(&qtee_message_pool, &message->item);
}

/* Empties a CPU's list into the pool. Nobody else may touch it meanwhile. */
static void qtee_message_list_put(struct qtee_message *message)
{
	struct qtee_message *next;

	for (; message; message = next) {
		next = message->next;
		qtee_message_pool_put(message);
	}
}

static void qtee_message_gather_work(struct work_struct *work)
{
	struct qtee_message_cpu *cpu;
	struct qtee_message *list;

	preempt_disable();
	cpu = this_cpu_ptr(&qtee_message_cpus);
	list = cpu->free;
	cpu->free = NULL;
	cpu->count = 0;
	preempt_enable();
	qtee_message_list_put(list);
}

/*
 * Has every CPU's list emptied. While somebody waits none is filled again: who gives a pair back either sees that
 * somebody waits, or did so before the work here runs on its CPU.
 */
static void qtee_message_gather(void)
{
	int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		schedule_work_on(cpu, &per_cpu(qtee_message_cpus, cpu).gather);
	cpus_read_unlock();
}

/* The CPU is offline, and its list nobody's. */
static int qtee_message_cpu_dead(unsigned int cpu)
{
	struct qtee_message_cpu *dead = per_cpu_ptr(&qtee_message_cpus, cpu);
	struct qtee_message *list = dead->free;

	dead->free = NULL;
	dead->count = 0;
	qtee_message_list_put(list);
	return 0;
}

/* As qtee_message_get(), when the CPU's list has none. */
struct qtee_message *qtee_message_get_slow(void)
{
	struct qtee_pool_item *item;

	qtee_stat_inc(QTEE_STAT_MESSAGE_MISSES);
	item = qtee_pool_get(&qtee_message_pool);
	return IS_ERR(item) ? ERR_CAST(item) : qtee_message_from(item);
}

static void qtee_message_big_put(struct qtee_message *message)
{
	qtee_big_put(message->big_owner);
	message->big = (struct qtee_buffer){};
	message->big_owner = NULL;
}

/* QTEE has an invocation open in the buffers, and may write to them at any time. */
static void qtee_message_lose(struct qtee_message *message)
{
	qtee_stat_inc(QTEE_STAT_MESSAGES_LOST);
	if (message->big_owner)
		qtee_big_lose(message->big_owner);
	qtee_block_lose(message->block);
	qtee_message_free(message);
	qtee_pool_lose(&qtee_message_pool);
}

/* As qtee_message_put(), when the pair can't go to the CPU's list as it is, or at all. */
void qtee_message_put_slow(struct qtee_message *message)
{
	if (unlikely(message->lost)) {
		qtee_message_lose(message);
		return;
	}
	if (message->big_owner) {
		qtee_message_big_put(message);
		qtee_message_put(message);
		return;
	}
	qtee_message_pool_put(message);
}

/* How many messages of a size up to that of the bucket, and above that of the one before, were sent. */
u64 qtee_message_size_count(unsigned int bucket)
{
	return qtee_message_sum(sizes[bucket]);
}

/* How many messages were sent. */
u64 qtee_message_sent(void)
{
	unsigned int bucket;
	u64 sum = 0;

	for (bucket = 0; bucket < QTEE_MESSAGE_SIZES; bucket++)
		sum += qtee_message_size_count(bucket);
	return sum;
}

/**
 * qtee_message_reserve() - have room for an inbound message
 * @message: a pair of which nothing is used yet
 * @size: bytes, up to QTEE_MSG_MAX, not 0
 *
 * Return: 0; -EAGAIN when all buffers of that size are in use; -ENOMEM.
 * Context: process context, may sleep, for message_wait_ms when there is no buffer.
 */
int qtee_message_reserve(struct qtee_message *message, u32 size)
{
	struct qtee_big *big;

	if (size <= qtee_message_in(message)->size)
		return 0;
	if (message->big_owner)
		qtee_message_big_put(message);
	big = qtee_big_get(size);
	if (IS_ERR(big))
		return PTR_ERR(big);
	message->big_owner = big;
	message->big.addr = big->block->addr;
	message->big.paddr = big->block->paddr;
	message->big.size = big->block->size;
	return 0;
}

static void qtee_message_tune(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu(qtee_message_cpus, cpu).most, qtee_tuning(messages_per_cpu));
	WRITE_ONCE(qtee_message_pool.spare, qtee_tuning(messages_spare));
	WRITE_ONCE(qtee_message_pool.limit, qtee_tuning(messages_max));
	WRITE_ONCE(qtee_message_pool.size, (qtee_tuning(message_in_kib) + qtee_tuning(message_out_kib)) * SZ_1K);
}

/* A tunable changed. May sleep. */
void qtee_message_retune(void)
{
	qtee_message_tune();
	qtee_pool_renew();
}

static void qtee_message_pools_remove(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		flush_work(&per_cpu(qtee_message_cpus, cpu).gather);
		qtee_message_cpu_dead(cpu);
	}
	qtee_pool_exit();
	qtee_pool_remove(&qtee_message_pool);
	qtee_class_exit();
	qtee_block_exit();
}

/* Nobody has a pair any more, and no tunable changes. */
void qtee_message_exit(void)
{
	cpuhp_remove_state_nocalls(qtee_message_hotplug);
	qtee_message_pools_remove();
}

/* Fills the lists of the CPUs that are there, as far as there may be pairs. Nothing invokes yet. */
static int qtee_message_fill(void)
{
	struct qtee_pool_item *item;
	int cpu, ret = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct qtee_message_cpu *list = &per_cpu(qtee_message_cpus, cpu);

		while (!ret && list->count < qtee_tuning(messages_per_cpu)) {
			item = qtee_pool_make(&qtee_message_pool);
			if (IS_ERR(item)) {
				ret = PTR_ERR(item);
				break;
			}
			qtee_message_from(item)->next = list->free;
			list->free = qtee_message_from(item);
			list->count++;
		}
	}
	cpus_read_unlock();
	return ret == -EAGAIN ? 0 : ret;
}

/* Makes the pools, and the pairs of every CPU that is there. Returns 0, -ENOMEM. */
int qtee_message_init(void)
{
	int ret, cpu;

	for_each_possible_cpu(cpu)
		INIT_WORK(&per_cpu(qtee_message_cpus, cpu).gather, qtee_message_gather_work);
	qtee_message_tune();
	qtee_pool_add(&qtee_message_pool);
	qtee_class_init();
	ret = qtee_pool_init();
	if (ret)
		goto err_pools;

	ret = qtee_message_fill();
	if (ret)
		goto err_background;
	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "qtee/message:dead", NULL, qtee_message_cpu_dead);
	if (ret < 0)
		goto err_background;
	qtee_message_hotplug = ret;
	return 0;

err_background:
	qtee_message_pools_remove();
	return ret;
err_pools:
	qtee_class_exit();
	qtee_pool_remove(&qtee_message_pool);
	return ret;
}
