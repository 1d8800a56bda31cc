// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks: memory of tzmem that QTEE can see.
 *
 * tzmem's pools grow and never shrink, so each block has a pool of its own that can be freed. tzmem bridges the area
 * where the kernel is configured for that, and on its own deletes the bridge when the pool is freed; where we bridge
 * it, the pool is freed when QTEE has let the bridge go.
 *
 * tzmem's allocator takes locks and walks all that it ever gave out, so only what misses every cache comes here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/firmware/qcom/qcom_tzmem.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/qtee.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "block.h"
#include "limit.h"
#include "tuning.h"

/* In blocks that exist, those among them whose bridge QTEE has not let go yet. */
static atomic_long_t qtee_block_total = ATOMIC_LONG_INIT(0);
static atomic_t qtee_block_lost = ATOMIC_INIT(0);

static void qtee_block_memory_free(struct qtee_block *block)
{
	size_t size = block->size;

	qcom_tzmem_free(block->addr);
	qcom_tzmem_pool_free(block->pool);
	kfree(block);
	atomic_long_sub(size, &qtee_block_total);
}

static void qtee_block_unbridged(struct qtee_bridge *bridge)
{
	qtee_block_memory_free(container_of(bridge, struct qtee_block, bridge));
}

/*
 * A cleared block of at least size bytes. Returns it or ERR_PTR(-ENOMEM): there is no such memory, there may be no
 * more, or QTEE does not take it. May sleep, does not try hard.
 */
struct qtee_block *qtee_block_new(size_t size)
{
	/* It grows when it is first asked, and then with flags of our choice. */
	struct qcom_tzmem_pool_config config = {
		.initial_size = 0,
		.policy = QCOM_TZMEM_POLICY_ON_DEMAND,
	};
	struct qtee_block *block;

	size = PAGE_ALIGN(size);
	config.max_size = size;
	if (!qtee_limit_take(&qtee_block_total, size, (u64)qtee_tuning(pool_max_kib) * SZ_1K))
		return ERR_PTR(-ENOMEM);
	block = kzalloc(sizeof(*block), GFP_KERNEL);
	if (!block)
		goto err_account;
	block->size = size;
	block->pool = qcom_tzmem_pool_new(&config);
	if (IS_ERR(block->pool))
		goto err_free;
	block->addr = qcom_tzmem_alloc(block->pool, size, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (!block->addr)
		goto err_pool;
	block->paddr = qcom_tzmem_to_phys(block->addr);
	memset(block->addr, 0, size);
	if (!qtee_bridge_own())
		return block;

	/* Whatever QTEE has against it, for the caller there is no memory. */
	if (!qtee_bridge_create(&block->bridge, block->paddr, size, QTEE_PERM_READ | QTEE_PERM_WRITE))
		return block;
	qcom_tzmem_free(block->addr);
err_pool:
	qcom_tzmem_pool_free(block->pool);
err_free:
	kfree(block);
err_account:
	atomic_long_sub(size, &qtee_block_total);
	return ERR_PTR(-ENOMEM);
}

/* Gives a block back to the system; when QTEE refuses to let it go, later. May sleep. */
void qtee_block_free(struct qtee_block *block)
{
	qtee_bridge_delete_owned(&block->bridge, qtee_block_unbridged, NULL);
}

/* QTEE may write to the block as long as the machine runs: its pages can't serve anybody else, ever. */
void qtee_block_lose(struct qtee_block *block)
{
	kmemleak_not_leak(block);
	atomic_inc(&qtee_block_lost);
}

/* Bytes in blocks. */
size_t qtee_block_bytes(void)
{
	return atomic_long_read(&qtee_block_total);
}

void qtee_block_exit(void)
{
	int lost = atomic_read(&qtee_block_lost);

	if (lost)
		pr_warn("%d message buffers are lost to QTEE, their memory is kept\n", lost);
}
