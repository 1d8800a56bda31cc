/* SPDX-License-Identifier: GPL-2.0-only */
/* Message buffers: what an invocation runs in. */
#ifndef _QTEE_MESSAGE_H
#define _QTEE_MESSAGE_H

#include <linux/qtee.h>

#include "pool.h"
#include "../kmod/transport.h"

struct qtee_big;
struct qtee_block;

/**
 * struct qtee_message - a pair of message buffers, and what else an invocation needs
 * @next: in a CPU's list of free pairs; meaningless while in use
 * @item: in the pool of pairs, when it is there
 * @context_id: id of the invocation that has it, the same for life
 * @block: memory of @in and @out
 * @in: inbound buffer, the pair's own
 * @out: outbound buffer
 * @big: inbound buffer of a size class, while a message is too large for @in, or one that the invocation brought along;
 *	addr is NULL otherwise
 * @big_owner: where @big is from; NULL for one that was brought along
 * @in_used: bytes of the inbound buffer that may not be zero
 * @out_used: bytes of the outbound buffer that may not be zero
 * @lost: QTEE may still write to it, so it is never used again
 * @response: what the last SMC came back with
 * @args: arguments of the invocation, for a caller that keeps none of its own
 * @callback_args: arguments of the callback that it serves
 *
 * Invariant: while it is free both buffers are zero throughout.
 * Locking: owned by one invocation, or by the list it is in.
 */
struct qtee_message {
	struct qtee_message *next;
	struct qtee_pool_item item;
	u32 context_id;
	struct qtee_block *block;
	struct qtee_buffer in;
	struct qtee_buffer out;
	struct qtee_buffer big;
	struct qtee_big *big_owner;
	u32 in_used;
	u32 out_used;
	bool lost;
	struct qtee_response response;
	struct qtee_arg args[QTEE_ARGS_MAX];
	struct qtee_arg callback_args[QTEE_ARGS_MAX];
};

struct qtee_message *qtee_message_get(void);
void qtee_message_put(struct qtee_message *message);
void qtee_message_clear(struct qtee_message *message);
int qtee_message_reserve(struct qtee_message *message, u32 size);

/* The inbound buffer that is in use. */
static inline struct qtee_buffer *qtee_message_in(struct qtee_message *message)
{
	return message->big.addr ? &message->big : &message->in;
}

/* Whether the inbound buffer in use is one that the invocation brought along. */
static inline bool qtee_message_borrowed(const struct qtee_message *message)
{
	return message->big.addr && !message->big_owner;
}

/* Sizes asked for, by powers of two from 64 B up: bucket i counts those up to 64 << i. */
#define QTEE_MESSAGE_SIZE_MIN	64
#define QTEE_MESSAGE_SIZES	17

u64 qtee_message_size_count(unsigned int bucket);
void qtee_message_retune(void);
int qtee_message_init(void);
void qtee_message_exit(void);

#endif /* _QTEE_MESSAGE_H */
