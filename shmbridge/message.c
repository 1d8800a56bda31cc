// SPDX-License-Identifier: GPL-2.0-only
/*
 * Message buffers: pairs of an inbound and an outbound buffer, made ahead and kept.
 *
 * Each CPU has a few free pairs, which an invocation takes and gives back with preemption off for a handful of
 * instructions: no lock, no allocation. Those lists run over into one shared list, and that into the pool. Messages
 * that are too large for a pair borrow an inbound buffer of a size class, kept warm in lists of its own.
 *
 * Locking: a CPU's list belongs to the tasks on that CPU while they can't be preempted; no interrupt touches it.
 * qtee_message_lock guards the shared lists, and is a leaf: nothing is taken under it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../kmod/msg.h"
#include "../kmod/stats.h"
#include "message.h"
#include "pool.h"

static unsigned int message_in_kib = 64;
module_param(message_in_kib, uint, 0444);
MODULE_PARM_DESC(message_in_kib, "Inbound buffer of each preallocated pair, in KiB (default 64)");

static unsigned int message_out_kib = PAGE_SIZE / SZ_1K;
module_param(message_out_kib, uint, 0444);
MODULE_PARM_DESC(message_out_kib, "Outbound buffer of each pair, in KiB (default one page)");

static unsigned int messages_per_cpu = 2;
module_param(messages_per_cpu, uint, 0444);
MODULE_PARM_DESC(messages_per_cpu, "Free pairs that each CPU keeps for itself (default 2)");

static unsigned int messages_max = 128;
module_param(messages_max, uint, 0444);
MODULE_PARM_DESC(messages_max, "Most pairs that exist, and so most invocations at once (default 128)");

/* Size classes of inbound buffers beyond the pair's own, and how many of each there may be: they are kept for good. */
static const u32 qtee_big_size[] = { SZ_128K, SZ_512K, SZ_1M + SZ_64K, SZ_2M + SZ_64K, QTEE_MSG_MAX };
#define QTEE_BIG_CLASSES	ARRAY_SIZE(qtee_big_size)
#define QTEE_BIG_MAX		4

/**
 * struct qtee_message_cpu - a CPU's free pairs
 * @free: list
 * @count: how many are in it, up to messages_per_cpu
 */
struct qtee_message_cpu {
	struct qtee_message *free;
	unsigned int count;
};

static DEFINE_PER_CPU(struct qtee_message_cpu, qtee_message_cpus);

static DEFINE_SPINLOCK(qtee_message_lock);
static struct qtee_message *qtee_message_free;
static struct qtee_buffer qtee_big_free[QTEE_BIG_CLASSES][QTEE_BIG_MAX];
static unsigned int qtee_big_count[QTEE_BIG_CLASSES];
static atomic_t qtee_message_count = ATOMIC_INIT(0);
static DEFINE_IDA(qtee_message_ids);

static void qtee_message_destroy(struct qtee_message *message)
{
	/* QTEE may write to a lost pair at any time: its pages can't serve anybody else, ever. */
	if (!message->lost) {
		qtee_pool_free(&message->in);
		qtee_pool_free(&message->out);
	}
	ida_free(&qtee_message_ids, message->context_id);
	kfree(message);
	atomic_dec(&qtee_message_count);
	qtee_stat_dec(QTEE_STAT_MESSAGES);
}

static struct qtee_message *qtee_message_new(void)
{
	struct qtee_message *message;
	int id, ret = -ENOMEM;

	/* tzmem never gives memory back, so what a burst of invocations took is gone for larger messages. */
	if (!atomic_add_unless(&qtee_message_count, 1, messages_max))
		return ERR_PTR(-EAGAIN);
	message = kzalloc(sizeof(*message), GFP_KERNEL);
	if (!message)
		goto err_count;
	id = ida_alloc_min(&qtee_message_ids, QTEE_CONTEXT_FIRST, GFP_KERNEL);
	if (id < 0)
		goto err_free;
	message->context_id = id;
	if (qtee_pool_alloc(&message->in, message_in_kib * SZ_1K))
		goto err_id;
	if (qtee_pool_alloc(&message->out, message_out_kib * SZ_1K))
		goto err_in;
	qtee_stat_inc(QTEE_STAT_MESSAGES);
	return message;

err_in:
	qtee_pool_free(&message->in);
err_id:
	ida_free(&qtee_message_ids, id);
err_free:
	kfree(message);
err_count:
	atomic_dec(&qtee_message_count);
	return ERR_PTR(ret);
}

static struct qtee_message *qtee_message_get_slow(void)
{
	struct qtee_message *message;

	qtee_stat_inc(QTEE_STAT_MESSAGE_MISSES);
	spin_lock(&qtee_message_lock);
	message = qtee_message_free;
	if (message)
		qtee_message_free = message->next;
	spin_unlock(&qtee_message_lock);
	return message ?: qtee_message_new();
}

/**
 * qtee_message_get() - take a pair
 *
 * Return: a pair with both buffers zero; ERR_PTR(-EAGAIN) when there are messages_max of them, ERR_PTR(-ENOMEM).
 * Context: process context, may sleep when neither the CPU's list nor the shared one has a pair.
 */
struct qtee_message *qtee_message_get(void)
{
	struct qtee_message_cpu *cpu;
	struct qtee_message *message;

	preempt_disable();
	cpu = this_cpu_ptr(&qtee_message_cpus);
	message = cpu->free;
	if (likely(message)) {
		cpu->free = message->next;
		cpu->count--;
	}
	preempt_enable();
	return likely(message) ? message : qtee_message_get_slow();
}

static unsigned int qtee_big_class(u32 size)
{
	unsigned int class = 0;

	while (qtee_big_size[class] < size)
		class++;
	return class;
}

/* Gives a size-class buffer back. There is a place for each that exists. */
static void qtee_big_put(struct qtee_buffer *buffer)
{
	unsigned int class = qtee_big_class(buffer->size), i;

	spin_lock(&qtee_message_lock);
	for (i = 0; buffer->addr; i++)
		if (!qtee_big_free[class][i].addr)
			swap(qtee_big_free[class][i], *buffer);
	spin_unlock(&qtee_message_lock);
}

/* Takes a buffer of a size class. Returns 0; -EAGAIN when all of them are in use; -ENOMEM. May sleep. */
static int qtee_big_get(unsigned int class, struct qtee_buffer *buffer)
{
	bool make = false;
	unsigned int i;
	int ret;

	spin_lock(&qtee_message_lock);
	for (i = 0; i < QTEE_BIG_MAX && !buffer->addr; i++)
		swap(qtee_big_free[class][i], *buffer);
	if (!buffer->addr && qtee_big_count[class] < QTEE_BIG_MAX) {
		qtee_big_count[class]++;
		make = true;
	}
	spin_unlock(&qtee_message_lock);
	if (buffer->addr)
		return 0;
	if (!make)
		return -EAGAIN;

	ret = qtee_pool_alloc(buffer, qtee_big_size[class]);
	if (ret) {
		spin_lock(&qtee_message_lock);
		qtee_big_count[class]--;
		spin_unlock(&qtee_message_lock);
	}
	return ret;
}

/**
 * qtee_message_put() - give a pair back
 * @message: the pair, cleared or lost
 *
 * Context: process context, may sleep.
 */
void qtee_message_put(struct qtee_message *message)
{
	struct qtee_message_cpu *cpu;
	bool kept = false;

	if (unlikely(message->lost)) {
		qtee_stat_inc(QTEE_STAT_MESSAGES_LOST);
		qtee_message_destroy(message);
		return;
	}

	if (unlikely(message->big.addr))
		qtee_big_put(&message->big);

	preempt_disable();
	cpu = this_cpu_ptr(&qtee_message_cpus);
	if (likely(cpu->count < messages_per_cpu)) {
		message->next = cpu->free;
		cpu->free = message;
		cpu->count++;
		kept = true;
	}
	preempt_enable();
	if (likely(kept))
		return;

	spin_lock(&qtee_message_lock);
	message->next = qtee_message_free;
	qtee_message_free = message;
	spin_unlock(&qtee_message_lock);
}

/**
 * qtee_message_clear() - clear what an invocation used, and no more
 * @message: a pair that QTEE is done with
 */
void qtee_message_clear(struct qtee_message *message)
{
	memset(qtee_message_in(message)->addr, 0, message->in_used);
	memset(message->out.addr, 0, message->out_used);
	message->in_used = 0;
	message->out_used = 0;
}

/**
 * qtee_message_reserve() - have room for an inbound message
 * @message: a pair of which nothing is used yet
 * @size: bytes, up to QTEE_MSG_MAX
 *
 * Return: 0; -EAGAIN when all buffers of that size are in use; -ENOMEM.
 * Context: process context, may sleep.
 */
int qtee_message_reserve(struct qtee_message *message, u32 size)
{
	if (likely(size <= qtee_message_in(message)->size))
		return 0;
	if (message->big.addr)
		qtee_big_put(&message->big);
	return qtee_big_get(qtee_big_class(size), &message->big);
}

static void qtee_message_list_destroy(struct qtee_message *message)
{
	struct qtee_message *next;

	for (; message; message = next) {
		next = message->next;
		qtee_message_destroy(message);
	}
}

/* Nobody has a pair any more. */
void qtee_message_exit(void)
{
	unsigned int class, i;
	int cpu;

	for_each_possible_cpu(cpu) {
		qtee_message_list_destroy(per_cpu(qtee_message_cpus, cpu).free);
		per_cpu(qtee_message_cpus, cpu) = (struct qtee_message_cpu){};
	}
	qtee_message_list_destroy(qtee_message_free);
	qtee_message_free = NULL;
	for (class = 0; class < QTEE_BIG_CLASSES; class++) {
		for (i = 0; i < QTEE_BIG_MAX; i++)
			qtee_pool_free(&qtee_big_free[class][i]);
		qtee_big_count[class] = 0;
	}
	qtee_pool_exit();
}

/* Makes the pool, and the pairs of every CPU that is there. Returns 0, -EINVAL, -ENOMEM. */
int qtee_message_init(void)
{
	int ret, cpu;

	message_in_kib = ALIGN(message_in_kib, PAGE_SIZE / SZ_1K);
	message_out_kib = ALIGN(message_out_kib, PAGE_SIZE / SZ_1K);
	if (!message_in_kib || message_in_kib > QTEE_MSG_MAX / SZ_1K ||
	    !message_out_kib || message_out_kib > QTEE_MSG_MAX / SZ_1K) {
		pr_err("message_in_kib and message_out_kib go from one page to 4096\n");
		return -EINVAL;
	}

	/* What lies in a CPU's list serves no other, and one pair is for releases. */
	if (messages_max < 2) {
		pr_err("messages_max has to be 2 at least\n");
		return -EINVAL;
	}
	if (messages_per_cpu > (messages_max - 1) / num_possible_cpus()) {
		messages_per_cpu = (messages_max - 1) / num_possible_cpus();
		pr_info("messages_per_cpu is %u, as there are %u pairs for %u CPUs\n", messages_per_cpu, messages_max,
			num_possible_cpus());
	}

	ret = qtee_pool_init();
	if (ret)
		return ret;

	for_each_online_cpu(cpu) {
		struct qtee_message_cpu *list = &per_cpu(qtee_message_cpus, cpu);

		while (list->count < messages_per_cpu) {
			struct qtee_message *message = qtee_message_new();

			if (IS_ERR(message)) {
				qtee_message_exit();
				return PTR_ERR(message);
			}
			message->next = list->free;
			list->free = message;
			list->count++;
		}
	}
	return 0;
}
