// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-bufs of others: attached, mapped and bridged.
 *
 * QTEE sees physical addresses, and one range. The attachment's device has no IOMMU and reaches all memory, so its DMA
 * addresses are physical ones. The attachment is a static one: the exporter may not move the memory while it is mapped.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

#include "../kmod/compat.h"
#include "memory.h"

static enum dma_data_direction qtee_import_direction(const struct qtee_memory *memory)
{
	return memory->perms & QTEE_PERM_WRITE ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

/* Where a mapping is, if it is one range of whole pages. Returns 0 or -EOPNOTSUPP. */
static int qtee_import_range(struct qtee_memory *memory)
{
	struct scatterlist *sg;
	dma_addr_t next = 0;
	int i;

	for_each_sgtable_dma_sg(memory->table, sg, i) {
		if (!i)
			memory->paddr = sg_dma_address(sg);
		else if (sg_dma_address(sg) != next)
			return -EOPNOTSUPP;
		next = sg_dma_address(sg) + sg_dma_len(sg);
	}
	memory->size = next - memory->paddr;
	if (!memory->size || memory->size < memory->dmabuf->size ||
	    !PAGE_ALIGNED(memory->paddr) || !PAGE_ALIGNED(memory->size))
		return -EOPNOTSUPP;
	return 0;
}

/* How long to wait for bridges that may be in the way, in ms. */
#define QTEE_IMPORT_WAIT_MS	1000

/*
 * Bridges don't overlap. Memory objects that are idle have theirs still, and those that are ending maybe; one of them
 * may be in the way: of another dma-buf over the same pages, which can't be told beforehand. Returns 0; -EAGAIN when
 * what may be in the way is still there; -EINTR when the caller is being killed; an errno of qtee_bridge_create().
 */
static int qtee_import_bridge(struct qtee_memory *memory)
{
	int ret = qtee_bridge_create(&memory->bridge, memory->paddr, memory->size, memory->perms), waited;

	if (ret != -EIO)
		return ret;
	qtee_idle_flush(false);
	waited = qtee_memory_ended_wait(QTEE_IMPORT_WAIT_MS);
	if (waited == -EINTR)
		return waited;
	ret = qtee_bridge_create(&memory->bridge, memory->paddr, memory->size, memory->perms);
	return ret == -EIO && waited ? waited : ret;
}

/**
 * qtee_import_detach() - take back what qtee_import_attach() gave
 * @memory: a memory object in state ENDING or MAKING, whose bridge is gone: QTEE's sight of the memory ends before the
 *	memory can go
 *
 * Context: process context, may sleep. Takes the dma-buf's lock.
 */
void qtee_import_detach(struct qtee_memory *memory)
{
	dma_buf_unmap_attachment_unlocked(memory->attachment, memory->table, qtee_import_direction(memory));
	dma_buf_detach(memory->dmabuf, memory->attachment);
}

/**
 * qtee_import_attach() - attach, map and bridge a memory object's dma-buf
 * @memory: a memory object in state MAKING, with its dma-buf
 *
 * Return: 0; -EOPNOTSUPP when it is scattered; -EAGAIN or -EINTR when the bridge of another memory object may be in the
 *	way; an errno of its exporter or of qtee_bridge_create(). Where it has a
 *	table then, qtee_import_detach() takes that back.
 * Context: process context, may sleep. Takes the dma-buf's lock.
 */
int qtee_import_attach(struct qtee_memory *memory)
{
	int ret;

	memory->perms = QTEE_PERM_READ;
	if (memory->dmabuf->file->f_mode & FMODE_WRITE)
		memory->perms |= QTEE_PERM_WRITE;

	memory->attachment = dma_buf_attach(memory->dmabuf, qtee_device());
	if (IS_ERR(memory->attachment))
		return PTR_ERR(memory->attachment);
	qtee_memory_stat_inc(QTEE_MEMORY_STAT_ATTACHED);
	memory->table = dma_buf_map_attachment_unlocked(memory->attachment, qtee_import_direction(memory));
	if (IS_ERR(memory->table)) {
		ret = PTR_ERR(memory->table);
		memory->table = NULL;
		dma_buf_detach(memory->dmabuf, memory->attachment);
		return ret;
	}
	qtee_memory_stat_inc(QTEE_MEMORY_STAT_MAPPED);

	ret = qtee_import_range(memory);
	if (!ret)
		ret = qtee_import_bridge(memory);
	if (!ret)
		qtee_memory_stat_inc(QTEE_MEMORY_STAT_BRIDGED);
	return ret;
}

QTEE_IMPORT_NS_DMA_BUF();
