/* SPDX-License-Identifier: GPL-2.0-only */
/* Size classes: inbound buffers for messages that are too large for a pair's own. */
#ifndef _QTEE_CLASS_H
#define _QTEE_CLASS_H

#include "block.h"
#include "pool.h"

/**
 * struct qtee_big - an inbound buffer of a size class
 * @item: in the class's pool
 * @pool: that pool
 * @block: its memory
 *
 * Invariant: zero throughout while it is idle.
 */
struct qtee_big {
	struct qtee_pool_item item;
	struct qtee_pool *pool;
	struct qtee_block *block;
};

struct qtee_big *qtee_big_get(u32 size);
void qtee_big_put(struct qtee_big *big);
void qtee_big_lose(struct qtee_big *big);
void qtee_class_init(void);
void qtee_class_exit(void);

#endif /* _QTEE_CLASS_H */
