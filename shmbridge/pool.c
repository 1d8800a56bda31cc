// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool: memory of tzmem, from which all message buffers come.
 *
 * tzmem gives whole pages of contiguous memory and bridges each area once, when it is added, where the kernel is
 * configured for SHM bridges. Its allocator takes locks and walks lists, so only what misses every cache comes here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/firmware/qcom/qcom_tzmem.h>
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "pool.h"

static unsigned int pool_max_kib = 64 * 1024;
module_param(pool_max_kib, uint, 0444);
MODULE_PARM_DESC(pool_max_kib, "Most memory for message buffers, in KiB (default 65536)");

static struct qcom_tzmem_pool *qtee_pool;
/* Buffers that are out. */
static atomic_t qtee_pool_count = ATOMIC_INIT(0);

/*
 * A cleared buffer of at least size bytes. Returns 0, -ENOMEM. May sleep.
 */
int qtee_pool_alloc(struct qtee_buffer *buffer, size_t size)
{
	size = PAGE_ALIGN(size);
	buffer->addr = qcom_tzmem_alloc(qtee_pool, size, GFP_KERNEL);
	if (!buffer->addr)
		return -ENOMEM;
	buffer->paddr = qcom_tzmem_to_phys(buffer->addr);
	buffer->size = size;
	memset(buffer->addr, 0, size);
	atomic_inc(&qtee_pool_count);
	return 0;
}

/* Gives a buffer back; one that is empty is left alone. */
void qtee_pool_free(struct qtee_buffer *buffer)
{
	if (!buffer->addr)
		return;
	qcom_tzmem_free(buffer->addr);
	buffer->addr = NULL;
	atomic_dec(&qtee_pool_count);
}

/* Returns 0, -ENOMEM, -EINVAL. */
int qtee_pool_init(void)
{
	const struct qcom_tzmem_pool_config config = {
		.initial_size = 0,
		.policy = QCOM_TZMEM_POLICY_ON_DEMAND,
		.max_size = (size_t)pool_max_kib * SZ_1K,
	};

	if (!pool_max_kib)
		return -EINVAL;
	qtee_pool = qcom_tzmem_pool_new(&config);
	return PTR_ERR_OR_ZERO(qtee_pool);
}

/* Lost buffers stay where they are, and the pool with them: QTEE may write there as long as the machine runs. */
void qtee_pool_exit(void)
{
	int lost = atomic_read(&qtee_pool_count);

	if (lost) {
		pr_warn("%d message buffers are lost to QTEE, their pool is kept\n", lost);
		return;
	}
	qcom_tzmem_pool_free(qtee_pool);
}
