// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory objects: dma-bufs that QTEE can map.
 *
 * A dma-buf is attached, mapped and bridged once, when it is first passed, and stays so while anybody holds the memory
 * object: QTEE by an id or a mapping, or an invocation that passes it. All who pass the dma-buf meanwhile share it.
 *
 * QTEE sees physical addresses, and one range. The attachment's device has no IOMMU and reaches all memory, so its DMA
 * addresses are physical ones.
 *
 * Locking: qtee_memory_lock guards the list, and is held while a memory object is made or unmade, so that a dma-buf is
 * never bridged twice at a time. It nests outside the dma-buf's own lock and qcom_scm's.
 */
#include <linux/debugfs.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/qtee.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <misc/qcom_tee.h>

#include "../kmod/compat.h"
#include "../shmbridge/bridge.h"

/**
 * struct qtee_memory - a memory object
 * @object: what the core knows
 * @node: in qtee_memory_list
 * @rcu: for the end
 * @dmabuf: the dma-buf, with a reference
 * @attachment: to it
 * @table: its mapping
 * @bridge: over all of it
 * @paddr: where it is
 * @size: bytes, whole pages
 * @perms: QTEE_PERM_READ, and QTEE_PERM_WRITE unless the dma-buf's fd is read-only
 *
 * Invariant: all of it stays as it was made until the last reference is gone.
 */
struct qtee_memory {
	struct qtee_object object;
	struct list_head node;
	struct rcu_head rcu;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	struct qtee_bridge bridge;
	phys_addr_t paddr;
	u64 size;
	u32 perms;
};

static LIST_HEAD(qtee_memory_list);
static DEFINE_MUTEX(qtee_memory_lock);
/* How many memory objects have left the list, changed under the lock; woken when one has. */
static unsigned int qtee_memory_ends;
static DECLARE_WAIT_QUEUE_HEAD(qtee_memory_gone);

static enum dma_data_direction qtee_memory_direction(const struct qtee_memory *memory)
{
	return memory->perms & QTEE_PERM_WRITE ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

/* Where a mapping is, if it is one range of whole pages. Returns 0 or -EOPNOTSUPP. */
static int qtee_memory_range(struct qtee_memory *memory)
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

/* Takes what qtee_memory_attach() gave. QTEE's sight of the memory ends before the memory can go. */
static void qtee_memory_detach(struct qtee_memory *memory)
{
	qtee_bridge_delete(&memory->bridge);
	dma_buf_unmap_attachment_unlocked(memory->attachment, memory->table, qtee_memory_direction(memory));
	dma_buf_detach(memory->dmabuf, memory->attachment);
}

/* Attaches, maps and bridges the dma-buf. Returns 0; -EOPNOTSUPP when it is scattered; an errno of its exporter. */
static int qtee_memory_attach(struct qtee_memory *memory)
{
	int ret;

	memory->attachment = dma_buf_attach(memory->dmabuf, qtee_device());
	if (IS_ERR(memory->attachment))
		return PTR_ERR(memory->attachment);
	memory->table = dma_buf_map_attachment_unlocked(memory->attachment, qtee_memory_direction(memory));
	if (IS_ERR(memory->table)) {
		dma_buf_detach(memory->dmabuf, memory->attachment);
		return PTR_ERR(memory->table);
	}

	ret = qtee_memory_range(memory);
	if (!ret)
		ret = qtee_bridge_create(&memory->bridge, memory->paddr, memory->size, memory->perms);
	if (ret)
		qtee_memory_detach(memory);
	return ret;
}

static int qtee_memory_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args)
{
	return -EOPNOTSUPP;
}

static int qtee_memory_map(struct qtee_object *object, struct qtee_mapping *mapping)
{
	struct qtee_memory *memory = container_of(object, struct qtee_memory, object);

	mapping->paddr = memory->paddr;
	mapping->size = memory->size;
	mapping->perms = memory->perms;
	/* Unmapping is letting go: the object itself is what QTEE holds while it maps. */
	mapping->handle = qtee_object_get(object);
	return 0;
}

static void qtee_memory_release(struct qtee_object *object)
{
	struct qtee_memory *memory = container_of(object, struct qtee_memory, object);

	scoped_guard(mutex, &qtee_memory_lock) {
		list_del(&memory->node);
		qtee_memory_detach(memory);
		WRITE_ONCE(qtee_memory_ends, qtee_memory_ends + 1);
	}
	wake_up_all(&qtee_memory_gone);
	dma_buf_put(memory->dmabuf);
	kfree_rcu(memory, rcu);
}

static struct qtee_object *qtee_memory_from_user(u64 id);
static struct file *qtee_memory_to_file(struct qtee_object *object);

static const struct qtee_param_type qtee_memory_type = {
	.host_id = QCOM_TEE_MEMORY_OBJECT,
	.owner = THIS_MODULE,
	.from_user = qtee_memory_from_user,
	.to_file = qtee_memory_to_file,
};

static const struct qtee_object_ops qtee_memory_ops = {
	.name = "memory",
	.owner = THIS_MODULE,
	.param_type = &qtee_memory_type,
	.dispatch = qtee_memory_dispatch,
	.map = qtee_memory_map,
	.release = qtee_memory_release,
};

/* The memory object of a dma-buf that is in the list. The lock is held. */
static struct qtee_memory *qtee_memory_find(const struct dma_buf *dmabuf)
{
	struct qtee_memory *memory;

	lockdep_assert_held(&qtee_memory_lock);
	list_for_each_entry(memory, &qtee_memory_list, node)
		if (memory->dmabuf == dmabuf)
			return memory;
	return NULL;
}

/* Makes the memory object of a dma-buf that has none. The lock is held. Returns 0 or an errno. */
static int qtee_memory_make(struct dma_buf *dmabuf, struct qtee_memory **made)
{
	struct qtee_memory *memory = kzalloc(sizeof(*memory), GFP_KERNEL);
	int ret;

	if (!memory)
		return -ENOMEM;
	memory->dmabuf = dmabuf;
	memory->perms = QTEE_PERM_READ;
	if (dmabuf->file->f_mode & FMODE_WRITE)
		memory->perms |= QTEE_PERM_WRITE;

	ret = qtee_memory_attach(memory);
	if (ret) {
		kfree(memory);
		return ret;
	}
	get_dma_buf(dmabuf);
	list_add(&memory->node, &qtee_memory_list);
	qtee_object_init(&memory->object, &qtee_memory_ops);
	*made = memory;
	return 0;
}

/**
 * qtee_memory_object_get() - the memory object of a dma-buf
 * @dmabuf: the dma-buf; a reference of its own is taken
 *
 * Return: the object, with a reference; ERR_PTR(): -EOPNOTSUPP when the memory is not one range of whole pages,
 *	-ENOMEM, an errno of the exporter or of qtee_bridge_create().
 * Context: process context, may sleep.
 */
struct qtee_object *qtee_memory_object_get(struct dma_buf *dmabuf)
{
	struct qtee_memory *memory;
	unsigned int ends;
	int ret;

	for (;;) {
		mutex_lock(&qtee_memory_lock);
		memory = qtee_memory_find(dmabuf);
		if (!memory)
			break;
		if (refcount_inc_not_zero(&memory->object.refs)) {
			mutex_unlock(&qtee_memory_lock);
			return &memory->object;
		}
		/* Its last reference is gone, its bridge is not yet. */
		ends = qtee_memory_ends;
		mutex_unlock(&qtee_memory_lock);
		wait_event(qtee_memory_gone, READ_ONCE(qtee_memory_ends) != ends);
	}
	ret = qtee_memory_make(dmabuf, &memory);
	mutex_unlock(&qtee_memory_lock);
	return ret ? ERR_PTR(ret) : &memory->object;
}
EXPORT_SYMBOL_GPL(qtee_memory_object_get);

static struct qtee_object *qtee_memory_from_user(u64 id)
{
	struct qtee_object *object;
	struct dma_buf *dmabuf;

	if (id > INT_MAX)
		return ERR_PTR(-EBADF);
	dmabuf = dma_buf_get(id);
	if (IS_ERR(dmabuf))
		return ERR_PTR(-EBADF);
	object = qtee_memory_object_get(dmabuf);
	dma_buf_put(dmabuf);
	return object;
}

static struct file *qtee_memory_to_file(struct qtee_object *object)
{
	struct qtee_memory *memory = container_of(object, struct qtee_memory, object);

	return get_file(memory->dmabuf->file);
}

/* /sys/kernel/debug/qtee/memory_objects: name, references, address and length of each. */
static int qtee_memory_objects_show(struct seq_file *seq, void *v)
{
	struct qtee_memory *memory;

	guard(mutex)(&qtee_memory_lock);
	list_for_each_entry(memory, &qtee_memory_list, node)
		seq_printf(seq, "%s %u 0x%llx %llu\n", memory->dmabuf->exp_name, refcount_read(&memory->object.refs),
			   (u64)memory->paddr, memory->size);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(qtee_memory_objects);

static struct dentry *qtee_memory_file;

static int __init qtee_memory_init(void)
{
	int ret = qtee_param_type_register(&qtee_memory_type);

	if (ret)
		return ret;
	qtee_memory_file = debugfs_create_file("memory_objects", 0400, qtee_debugfs(), NULL, &qtee_memory_objects_fops);
	return 0;
}

static void __exit qtee_memory_exit(void)
{
	debugfs_remove(qtee_memory_file);
	qtee_param_type_unregister(&qtee_memory_type);
}

module_init(qtee_memory_init);
module_exit(qtee_memory_exit);

MODULE_DESCRIPTION("Memory objects of the qtee driver: dma-bufs that QTEE can map");
MODULE_LICENSE("GPL");
QTEE_IMPORT_NS_DMA_BUF();
