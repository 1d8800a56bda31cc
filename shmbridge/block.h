/* SPDX-License-Identifier: GPL-2.0-only */
/* Blocks: memory of tzmem that QTEE can see, taken from the system and given back one at a time. */
#ifndef _QTEE_BLOCK_H
#define _QTEE_BLOCK_H

#include <linux/types.h>

#include "bridge.h"

struct qcom_tzmem_pool;

/**
 * struct qtee_block - contiguous memory, all of it one area of tzmem
 * @addr: where Linux sees it
 * @paddr: where QTEE does, page aligned
 * @size: bytes, whole pages
 * @pool: tzmem's, with nothing in it but this; what is freed with a pool goes back to the system
 * @bridge: over all of it, where tzmem makes none
 *
 * Invariant: nothing changes but what stands in the memory, until it is freed.
 */
struct qtee_block {
	void *addr;
	phys_addr_t paddr;
	u32 size;
	struct qcom_tzmem_pool *pool;
	struct qtee_bridge bridge;
};

struct qtee_block *qtee_block_new(size_t size);
void qtee_block_free(struct qtee_block *block);
void qtee_block_lose(struct qtee_block *block);
size_t qtee_block_bytes(void);
void qtee_block_exit(void);

#endif /* _QTEE_BLOCK_H */
