/* SPDX-License-Identifier: GPL-2.0-only */
/* Message buffers: what an invocation runs in. */
#ifndef _QTEE_MESSAGE_H
#define _QTEE_MESSAGE_H

#include <linux/qtee.h>
#include <linux/sizes.h>

/**
 * struct qtee_buffer - memory that QTEE can see
 * @addr: where Linux sees it
 * @paddr: where QTEE does
 * @size: bytes, whole pages
 *
 * Invariant: from the pool, page aligned, bridged as long as it exists where the kernel bridges the pool.
 */
struct qtee_buffer {
	void *addr;
	phys_addr_t paddr;
	u32 size;
};

/**
 * struct qtee_message - a pair of message buffers, and what else an invocation needs
 * @next: in whichever free list it is; meaningless while in use
 * @context_id: id of the invocation that has it, the same for life
 * @in: inbound buffer, the pair's own
 * @out: outbound buffer
 * @big: inbound buffer of a size class, while a message is too large for @in; addr is NULL otherwise
 * @in_used: bytes of the inbound buffer that may not be zero
 * @out_used: bytes of the outbound buffer that may not be zero
 * @lost: QTEE may still write to it, so it is never used again
 * @args: arguments of the invocation, for a caller that keeps none of its own
 * @callback_args: arguments of the callback that it serves
 *
 * Invariant: in a free list both buffers are zero throughout.
 * Locking: owned by one invocation, or by the list it is in.
 */
struct qtee_message {
	struct qtee_message *next;
	u32 context_id;
	struct qtee_buffer in;
	struct qtee_buffer out;
	struct qtee_buffer big;
	u32 in_used;
	u32 out_used;
	bool lost;
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

int qtee_message_init(void);
void qtee_message_exit(void);

#endif /* _QTEE_MESSAGE_H */
