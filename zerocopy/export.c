// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-bufs of our own: contiguous memory, bridged as long as it exists.
 *
 * The memory object of such a dma-buf is part of it. While QTEE or an invocation has the object it holds the dma-buf;
 * when nobody has, it stays in the table and costs nothing, since there is nothing to attach. When the dma-buf's last
 * user is gone the bridge goes, and when QTEE has let go of that, the pages.
 *
 * Locking: qtee_export.lock guards the list of attachments, and nests in the dma-buf's lock.
 */
#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <misc/qcom_tee.h>

#include "../shmbridge/limit.h"
#include "memory.h"
#include "../tracepoints/trace.h"

static unsigned int memory_alloc_max_mib = 256;
module_param(memory_alloc_max_mib, uint, 0644);
MODULE_PARM_DESC(memory_alloc_max_mib, "Most memory that the driver's own dma-bufs have together, each in a power of two of pages, in MiB (default 256)");

/**
 * struct qtee_export - a dma-buf of our own
 * @memory: its memory object; @memory.rcu frees it
 * @pages: its memory
 * @charge: what it counts for against memory_alloc_max_mib: the block that the page allocator takes, as it may be from
 *	there
 * @dma: where qtee_device() sees it
 * @lock: guards @attachments
 * @attachments: of other devices
 */
struct qtee_export {
	struct qtee_memory memory;
	struct page *pages;
	u64 charge;
	dma_addr_t dma;
	struct mutex lock;
	struct list_head attachments;
};

/**
 * struct qtee_export_attachment - a device that has the memory too
 * @node: in the dma-buf's attachments
 * @device: which
 * @table: the memory, in segments that the device can take
 * @mapped: the table is mapped. Changes under the dma-buf's lock and qtee_export.lock
 */
struct qtee_export_attachment {
	struct list_head node;
	struct device *device;
	struct sg_table table;
	bool mapped;
};

/* The memory as one segment, or as many as the device's longest takes. Returns 0, -ENOMEM. */
static int qtee_export_table(struct qtee_export *export, struct device *device, struct sg_table *table)
{
	size_t most = max_t(size_t, PAGE_SIZE, ALIGN_DOWN(dma_get_max_seg_size(device), PAGE_SIZE));
	size_t left = export->memory.size;
	struct page *page = export->pages;
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	ret = sg_alloc_table(table, DIV_ROUND_UP(left, most), GFP_KERNEL);
	if (ret)
		return ret;
	for_each_sgtable_sg(table, sg, i) {
		size_t size = min(left, most);

		sg_set_page(sg, page, size, 0);
		page += size >> PAGE_SHIFT;
		left -= size;
	}
	return 0;
}

static int qtee_export_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct qtee_export *export = dmabuf->priv;
	struct qtee_export_attachment *own = kzalloc(sizeof(*own), GFP_KERNEL);
	int ret;

	if (!own)
		return -ENOMEM;
	own->device = attachment->dev;
	ret = qtee_export_table(export, own->device, &own->table);
	if (ret) {
		kfree(own);
		return ret;
	}
	attachment->priv = own;
	guard(mutex)(&export->lock);
	list_add(&own->node, &export->attachments);
	return 0;
}

static void qtee_export_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct qtee_export *export = dmabuf->priv;
	struct qtee_export_attachment *own = attachment->priv;

	scoped_guard(mutex, &export->lock)
		list_del(&own->node);
	sg_free_table(&own->table);
	kfree(own);
}

static struct sg_table *qtee_export_map(struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	struct qtee_export *export = attachment->dmabuf->priv;
	struct qtee_export_attachment *own = attachment->priv;
	int ret;

	ret = dma_map_sgtable(own->device, &own->table, direction, 0);
	if (ret)
		return ERR_PTR(ret);
	guard(mutex)(&export->lock);
	own->mapped = true;
	return &own->table;
}

static void qtee_export_unmap(struct dma_buf_attachment *attachment, struct sg_table *table,
			      enum dma_data_direction direction)
{
	struct qtee_export *export = attachment->dmabuf->priv;
	struct qtee_export_attachment *own = attachment->priv;

	scoped_guard(mutex, &export->lock)
		own->mapped = false;
	dma_unmap_sgtable(own->device, table, direction, 0);
}

/* QTEE's own accesses are coherent with the CPU's; those of other devices need not be. */
static int qtee_export_cpu_begin(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct qtee_export *export = dmabuf->priv;
	struct qtee_export_attachment *own;

	guard(mutex)(&export->lock);
	list_for_each_entry(own, &export->attachments, node)
		if (own->mapped)
			dma_sync_sgtable_for_cpu(own->device, &own->table, direction);
	return 0;
}

static int qtee_export_cpu_end(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct qtee_export *export = dmabuf->priv;
	struct qtee_export_attachment *own;

	guard(mutex)(&export->lock);
	list_for_each_entry(own, &export->attachments, node)
		if (own->mapped)
			dma_sync_sgtable_for_device(own->device, &own->table, direction);
	return 0;
}

static int qtee_export_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct qtee_export *export = dmabuf->priv;

	/* A private copy would be no memory that QTEE sees. */
	if (!(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	return dma_mmap_pages(qtee_device(), vma, export->memory.size, export->pages);
}

static int qtee_export_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct qtee_export *export = dmabuf->priv;

	iosys_map_set_vaddr(map, page_address(export->pages));
	return 0;
}

static void qtee_export_pages_free(struct qtee_export *export)
{
	dma_free_pages(qtee_device(), export->memory.size, export->pages, export->dma, DMA_BIDIRECTIONAL);
	atomic_long_sub(export->charge, &qtee_memory_stats[QTEE_MEMORY_STAT_EXPORTED_BYTES]);
}

/* QTEE can't see the memory any more. */
static void qtee_export_gone(struct qtee_bridge *bridge)
{
	struct qtee_export *export = container_of(bridge, struct qtee_export, memory.bridge);

	trace_qtee_memory_unmap(export->memory.paddr, export->memory.size);
	qtee_export_pages_free(export);
	qtee_memory_stat_dec(QTEE_MEMORY_STAT_EXPORTED);
	mutex_destroy(&export->lock);
	kfree_rcu(export, memory.rcu);
}

static void qtee_export_release(struct dma_buf *dmabuf)
{
	struct qtee_export *export = dmabuf->priv;

	qtee_memory_resident_remove(&export->memory);
	qtee_bridge_delete_then(&export->memory.bridge, qtee_export_gone);
}

static const struct dma_buf_ops qtee_export_ops = {
	.attach = qtee_export_attach,
	.detach = qtee_export_detach,
	.map_dma_buf = qtee_export_map,
	.unmap_dma_buf = qtee_export_unmap,
	.release = qtee_export_release,
	.begin_cpu_access = qtee_export_cpu_begin,
	.end_cpu_access = qtee_export_cpu_end,
	.mmap = qtee_export_mmap,
	.vmap = qtee_export_vmap,
};

/* Contiguous, cleared memory, within the limit. Returns 0, -EDQUOT, -ENOMEM. */
static int qtee_export_pages_alloc(struct qtee_export *export, u64 size)
{
	atomic_long_t *bytes = &qtee_memory_stats[QTEE_MEMORY_STAT_EXPORTED_BYTES];

	export->memory.size = size;
	export->charge = (u64)PAGE_SIZE << get_order(size);
	if (!qtee_limit_take(bytes, export->charge, (u64)READ_ONCE(memory_alloc_max_mib) * SZ_1M))
		return -EDQUOT;
	/* From CMA where there is some, so that it may be larger than the largest block of the page allocator. */
	export->pages = dma_alloc_pages(qtee_device(), size, &export->dma, DMA_BIDIRECTIONAL,
					GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!export->pages) {
		atomic_long_sub(export->charge, bytes);
		return -ENOMEM;
	}
	export->memory.paddr = page_to_phys(export->pages);
	return 0;
}

/* A dma-buf of contiguous, cleared memory. Returns it or ERR_PTR(), as qtee_export_alloc() says. */
static struct dma_buf *qtee_export_make(u64 size, u32 flags, u32 fd_flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct qtee_export *export;
	struct dma_buf *dmabuf;
	int ret;

	if (!size || size > SSIZE_MAX / 2 || flags & ~QCOM_TEE_ALLOC_READ_ONLY)
		return ERR_PTR(-EINVAL);
	if (fd_flags != O_RDONLY && fd_flags != O_RDWR)
		return ERR_PTR(-EINVAL);

	export = kzalloc(sizeof(*export), GFP_KERNEL_ACCOUNT);
	if (!export)
		return ERR_PTR(-ENOMEM);
	mutex_init(&export->lock);
	INIT_LIST_HEAD(&export->attachments);
	export->memory.perms = QTEE_PERM_READ;
	if (fd_flags == O_RDWR && !(flags & QCOM_TEE_ALLOC_READ_ONLY))
		export->memory.perms |= QTEE_PERM_WRITE;

	ret = qtee_export_pages_alloc(export, PAGE_ALIGN(size));
	if (ret)
		goto err_free;
	ret = qtee_bridge_create(&export->memory.bridge, export->memory.paddr, export->memory.size,
				 export->memory.perms);
	trace_qtee_memory_map(export->memory.paddr, export->memory.size, export->memory.perms, ret, "qtee");
	if (ret)
		goto err_pages;
	qtee_memory_stat_inc(QTEE_MEMORY_STAT_BRIDGED);
	qtee_memory_stat_inc(QTEE_MEMORY_STAT_EXPORTED);

	info.exp_name = "qtee";
	info.ops = &qtee_export_ops;
	info.size = export->memory.size;
	info.flags = fd_flags;
	info.priv = export;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		qtee_bridge_delete_then(&export->memory.bridge, qtee_export_gone);
		return dmabuf;
	}
	qtee_memory_resident_add(&export->memory, dmabuf);
	return dmabuf;

err_pages:
	qtee_export_pages_free(export);
err_free:
	kfree(export);
	return ERR_PTR(ret);
}

/**
 * qtee_export_alloc() - a dma-buf of contiguous memory that QTEE can map
 * @size: bytes, comes back rounded up to whole pages
 * @flags: QCOM_TEE_ALLOC_*
 * @fd_flags: O_RDONLY or O_RDWR: what can be done with its file
 *
 * The memory is cleared.
 *
 * Return: the dma-buf's file, whose last close frees it; ERR_PTR(): -EINVAL for arguments that make no sense, -EDQUOT
 *	beyond memory_alloc_max_mib, -ENOMEM when there is no such memory, an errno of qtee_bridge_create().
 * Context: process context, may sleep.
 */
struct file *qtee_export_alloc(u64 *size, u32 flags, u32 fd_flags)
{
	struct dma_buf *dmabuf = qtee_export_make(*size, flags, fd_flags);

	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);
	*size = dmabuf->size;
	return dmabuf->file;
}

/**
 * qtee_export_object() - a memory object of contiguous, cleared memory of its own
 * @size: bytes, up to 4 GiB less a page
 * @buffer: out: the memory, of whole pages; it stays as long as there are references to the object, QTEE's among them
 *
 * For kernel clients and front ends: what qtee_memory_object_get() gives for a dma-buf that nobody else has.
 *
 * Return: the object, with a reference; ERR_PTR(): -EINVAL for no bytes or too many, -EDQUOT beyond
 *	memory_alloc_max_mib, -ENOMEM, an errno of qtee_bridge_create().
 * Context: process context, may sleep.
 */
struct qtee_object *qtee_export_object(u64 size, struct qtee_buffer *buffer)
{
	struct qtee_object *object;
	struct qtee_export *export;
	struct dma_buf *dmabuf;

	if (size > U32_MAX - PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	dmabuf = qtee_export_make(size, 0, O_RDWR);
	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);
	export = dmabuf->priv;
	buffer->addr = page_address(export->pages);
	buffer->paddr = export->memory.paddr;
	buffer->size = export->memory.size;
	/* From here on the object holds the dma-buf. */
	object = qtee_memory_object_get(dmabuf);
	dma_buf_put(dmabuf);
	return object;
}
