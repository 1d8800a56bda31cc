/* SPDX-License-Identifier: GPL-2.0-only */
/* Message buffers: what an invocation runs in. */
#ifndef _QTEE_MESSAGE_H
#define _QTEE_MESSAGE_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/qtee.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/workqueue_types.h>

#include "pool.h"
#include "tuning.h"
#include "../kmod/stats.h"
#include "../kmod/transport.h"

struct qtee_big;
struct qtee_block;

/**
 * struct qtee_message_process - a program that runs in a process
 * @started: when the process began, in ns since boot
 * @exec: how many programs it and its ancestors have begun
 * @tgid: its id
 *
 * Two of them are the same only if memory and rights are.
 */
struct qtee_message_process {
	u64 started;
	u64 exec;
	pid_t tgid;
};

/**
 * struct qtee_message - a pair of message buffers, and what else an invocation needs
 * @next: in a CPU's list of free pairs; meaningless while in use
 * @in: inbound buffer, the pair's own
 * @context_id: id of the invocation that has it, the same for life
 * @in_used: bytes of the inbound buffer that may not be zero
 * @out_used: bytes of the outbound buffer that may not be zero
 * @left: bytes of @in that an earlier message has left, or 0
 * @sent: bytes of the message that was sent and is not counted yet, or 0
 * @counts: counts word of the message
 * @lost: QTEE may still write to it, so it is never used again
 * @out: outbound buffer
 * @big: inbound buffer of a size class, while a message is too large for @in, or one that the invocation brought along;
 *	addr is NULL otherwise
 * @places: where its arguments go
 * @left_by: whose message it was that left @left
 * @big_owner: where @big is from; NULL for one that was brought along
 * @block: memory of @in and @out
 * @item: in the pool of pairs, when it is there
 * @response: what the last SMC came back with
 * @args: arguments of the invocation, for a caller that keeps none of its own
 * @callback_args: arguments of the callback that it serves
 *
 * Invariant: while it is free @out is zero throughout, and @in but for @left bytes at its start, of which QTEE and
 * other processes never get to see any. In the pool @left is 0.
 * Locking: owned by one invocation, or by the list it is in.
 */
struct qtee_message {
	struct qtee_message *next;
	struct qtee_buffer in;
	u32 context_id;
	u32 in_used;
	u32 out_used;
	u32 left;
	u32 sent;
	u32 counts;
	bool lost;
	/* A cache line of 64 bytes. */
	struct qtee_buffer out;
	struct qtee_buffer big;
	struct qtee_msg_places places;
	/* Another. Small messages that are not kept back need no more than these two, and the response. */
	struct qtee_message_process left_by;
	struct qtee_big *big_owner;
	struct qtee_block *block;
	struct qtee_pool_item item;
	struct qtee_response response;
	struct qtee_arg args[QTEE_ARGS_MAX];
	struct qtee_arg callback_args[QTEE_ARGS_MAX];
};

static_assert(offsetof(struct qtee_message, out) == 64);
static_assert(offsetof(struct qtee_message, left_by) <= 128);

/* Sizes of messages, by powers of two from 64 B up: bucket i counts those up to 64 << i. */
#define QTEE_MESSAGE_SIZE_MIN	64
#define QTEE_MESSAGE_SIZES	17
/* A power of two, so that no index has to be checked. */
#define QTEE_MESSAGE_BUCKETS	32u

/**
 * struct qtee_message_cpu - a CPU's free pairs
 * @free: list
 * @count: how many are in it
 * @most: how many may be: messages_per_cpu
 * @hits: how many were taken from it
 * @sizes: sizes of messages that were sent
 * @gather: has the list emptied
 *
 * Locking: see message.c.
 */
struct qtee_message_cpu {
	struct qtee_message *free;
	unsigned int count;
	unsigned int most;
	u64 hits;
	u64 sizes[QTEE_MESSAGE_BUCKETS];
	struct work_struct gather;
};

DECLARE_PER_CPU(struct qtee_message_cpu, qtee_message_cpus);
extern struct qtee_pool qtee_message_pool;

struct qtee_message *qtee_message_get_slow(void);
void qtee_message_put_slow(struct qtee_message *message);
int qtee_message_reserve(struct qtee_message *message, u32 size);
void qtee_message_left_clear(struct qtee_message *message);

/* The inbound buffer that is in use. */
static inline struct qtee_buffer *qtee_message_in(struct qtee_message *message)
{
	return unlikely(message->big.addr) ? &message->big : &message->in;
}

/* Whether the inbound buffer in use is one that the invocation brought along. */
static inline bool qtee_message_borrowed(const struct qtee_message *message)
{
	return unlikely(message->big.addr) && !message->big_owner;
}

/**
 * qtee_message_get() - take a pair
 *
 * Return: a pair, see its invariant; ERR_PTR(-EAGAIN) when all that there may be are in use, ERR_PTR(-ENOMEM).
 * Context: process context, may sleep when the CPU's list has no pair, for message_wait_ms when there is none at all.
 */
static __always_inline struct qtee_message *qtee_message_get(void)
{
	struct qtee_message_cpu *cpu;
	struct qtee_message *message;

	preempt_disable();
	cpu = this_cpu_ptr(&qtee_message_cpus);
	message = cpu->free;
	if (likely(message)) {
		cpu->free = message->next;
		cpu->count--;
		cpu->hits++;
	}
	preempt_enable();
	return likely(message) ? message : qtee_message_get_slow();
}

/* Counts the message that was sent since this was last done. Preemption is off. */
static __always_inline void qtee_message_account(struct qtee_message_cpu *cpu, struct qtee_message *message)
{
	if (unlikely(!message->sent))
		return;
	cpu->sizes[fls((message->sent - 1) / QTEE_MESSAGE_SIZE_MIN) % QTEE_MESSAGE_BUCKETS]++;
	message->sent = 0;
}

/* The same, for those who keep a message: else it is counted when it is given back. Any context. */
static inline void qtee_message_count(struct qtee_message *message)
{
	preempt_disable();
	qtee_message_account(this_cpu_ptr(&qtee_message_cpus), message);
	preempt_enable();
}

/**
 * qtee_message_put() - give a pair back
 * @message: the pair, cleared, retained or lost
 *
 * Context: process context, may sleep.
 */
static __always_inline void qtee_message_put(struct qtee_message *message)
{
	struct qtee_message_cpu *cpu;

	preempt_disable();
	cpu = this_cpu_ptr(&qtee_message_cpus);
	qtee_message_account(cpu, message);
	if (likely(!message->lost && !message->big.addr && cpu->count < cpu->most &&
		   !READ_ONCE(qtee_message_pool.waiting))) {
		message->next = cpu->free;
		cpu->free = message;
		cpu->count++;
		preempt_enable();
		return;
	}
	preempt_enable();
	qtee_message_put_slow(message);
}

/* Where a call of memset() costs more than to clear. */
#define QTEE_MESSAGE_SMALL	256

/* Has a small message cleared. Buffers are whole pages; what is beyond the message is zero already. */
static __always_inline void qtee_message_wipe(void *in, u32 used)
{
	const void *end = in + used;

	do {
		u64 *word = in;

		word[0] = 0;
		word[1] = 0;
		word[2] = 0;
		word[3] = 0;
		barrier();	/* no memset() after all */
		in += 4 * sizeof(*word);
	} while (in < end);
}

/*
 * A message of @used bytes comes into the pair's own inbound buffer, where an earlier one has left something. What that
 * was is its own process's to overwrite, and zero behind the message. Without @retain, and of another process, it is
 * zero everywhere.
 */
static __always_inline void qtee_message_take_over(struct qtee_message *message, u32 used, bool retain)
{
	const struct qtee_message_process *process = &message->left_by;
	const u32 left = message->left;

	if (unlikely(!retain || !qtee_tuning(message_retain) ||
		     process->started != current->group_leader->start_boottime ||
		     process->exec != current->self_exec_id || process->tgid != current->tgid)) {
		qtee_message_left_clear(message);
		return;
	}
	message->left = 0;
	if (unlikely(left > used))
		memset(message->in.addr + used, 0, left - used);
}

/* What is kept is the calling process's. */
static __always_inline void qtee_message_retain(struct qtee_message *message)
{
	message->left = message->in_used;
	message->left_by.started = current->group_leader->start_boottime;
	message->left_by.exec = current->self_exec_id;
	message->left_by.tgid = current->tgid;
}

/*
 * Has nothing of an invocation left in @in, the inbound buffer in use, of which @used bytes were, but where it may be
 * retained: its next message overwrites most of that, which is not worth clearing then.
 */
static __always_inline void qtee_message_finish(struct qtee_message *message, void *in, u32 used, bool retain)
{
	if (used <= QTEE_MESSAGE_SMALL)
		qtee_message_wipe(in, used);
	else if (retain && in == message->in.addr && qtee_tuning(message_retain))
		qtee_message_retain(message);
	else
		memset(in, 0, used);
	if (unlikely(message->out_used))
		memset(message->out.addr, 0, message->out_used);
	message->in_used = 0;
	message->out_used = 0;
}

/**
 * qtee_message_clear() - clear what an invocation used, and no more
 * @message: a pair that QTEE is done with
 */
static inline void qtee_message_clear(struct qtee_message *message)
{
	qtee_message_finish(message, qtee_message_in(message)->addr, message->in_used, false);
}

u64 qtee_message_size_count(unsigned int bucket);
u64 qtee_message_sent(void);
void qtee_message_retune(void);
int qtee_message_init(void);
void qtee_message_exit(void);

#endif /* _QTEE_MESSAGE_H */
