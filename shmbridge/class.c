// SPDX-License-Identifier: GPL-2.0-only
/*
 * Size classes: inbound buffers for messages that are too large for a pair's own, a pool for each size.
 *
 * tzmem takes whole powers of two of pages from the system, so that is what the classes are by default.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "class.h"
#include "tuning.h"

/* Made at init, by size; fixed from then on. */
static struct qtee_pool qtee_class_pools[QTEE_TUNING_CLASSES];
static char qtee_class_names[QTEE_TUNING_CLASSES][12];
static unsigned int qtee_class_count;

static struct qtee_pool_item *qtee_big_make(struct qtee_pool *pool)
{
	struct qtee_big *big = kzalloc(sizeof(*big), GFP_KERNEL);

	if (!big)
		return ERR_PTR(-ENOMEM);
	big->pool = pool;
	big->block = qtee_block_new(pool->size);
	if (IS_ERR(big->block)) {
		int ret = PTR_ERR(big->block);

		kfree(big);
		return ERR_PTR(ret);
	}
	return &big->item;
}

static void qtee_big_destroy(struct qtee_pool_item *item)
{
	struct qtee_big *big = container_of(item, struct qtee_big, item);

	qtee_block_free(big->block);
	kfree(big);
}

static const struct qtee_pool_ops qtee_big_ops = {
	.make = qtee_big_make,
	.destroy = qtee_big_destroy,
};

/* A buffer of at least size bytes, up to QTEE_MSG_MAX. Returns it or what qtee_pool_get() said. May sleep. */
struct qtee_big *qtee_big_get(u32 size)
{
	struct qtee_pool *pool = qtee_class_pools;
	struct qtee_pool_item *item;

	while (pool->size < size)
		pool++;
	item = qtee_pool_get(pool);
	return IS_ERR(item) ? ERR_CAST(item) : container_of(item, struct qtee_big, item);
}

/* Gives a buffer back, cleared. May sleep. */
void qtee_big_put(struct qtee_big *big)
{
	qtee_pool_put(big->pool, &big->item);
}

/* QTEE may write to the buffer at any time, and for ever. */
void qtee_big_lose(struct qtee_big *big)
{
	qtee_block_lose(big->block);
	qtee_pool_lose(big->pool);
	kfree(big);
}

void qtee_class_init(void)
{
	struct qtee_tuning_class classes[QTEE_TUNING_CLASSES];
	unsigned int i;

	qtee_class_count = qtee_tuning_classes(classes);
	for (i = 0; i < qtee_class_count; i++) {
		scnprintf(qtee_class_names[i], sizeof(qtee_class_names[i]), "%uk", classes[i].kib);
		qtee_class_pools[i] = (struct qtee_pool){
			.name = qtee_class_names[i],
			.ops = &qtee_big_ops,
			.size = classes[i].kib * SZ_1K,
			.limit = classes[i].max,
		};
		qtee_pool_add(&qtee_class_pools[i]);
	}
}

/* Nobody has a buffer any more. */
void qtee_class_exit(void)
{
	while (qtee_class_count)
		qtee_pool_remove(&qtee_class_pools[--qtee_class_count]);
}
