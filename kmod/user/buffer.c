// SPDX-License-Identifier: GPL-2.0-only
/*
 * Message buffers of users: a program maps one, fills inputs in place and reads outputs in place.
 *
 * Such a buffer takes the place of the inbound buffer of an invocation. Its first page is the kernel's: header,
 * argument words and what is copied stand there, and it is never mapped. All pages behind it are the program's, and
 * nothing that stands there is looked at: where a buffer lies and how long it is comes from the ioctl's parameters,
 * copied once.
 *
 * The pages belong to one program for their whole life. They are cleared when they are made, and bridged as long as
 * they exist; they go back to the system when file and mappings are gone, and then the bridge. They are cached, as
 * those are in which mainline's driver sends its messages.
 */
#include <linux/anon_inodes.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "../msg.h"
#include "../../shmbridge/bridge.h"
#include "../../shmbridge/limit.h"
#include "buffer.h"
#include "user.h"

static unsigned int message_buffers_max_kib = 65536;
module_param(message_buffers_max_kib, uint, 0644);
MODULE_PARM_DESC(message_buffers_max_kib, "Most memory that programs' message buffers have together, in KiB (default 65536)");

static atomic_long_t qtee_user_buffer_total = ATOMIC_LONG_INIT(0);

static int qtee_user_buffer_total_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%lu\n", atomic_long_read(&qtee_user_buffer_total) / SZ_1K);
}

static const struct kernel_param_ops qtee_user_buffer_total_ops = {
	.get = qtee_user_buffer_total_get,
};
module_param_cb(message_buffers_kib, &qtee_user_buffer_total_ops, NULL, 0444);
MODULE_PARM_DESC(message_buffers_kib, "What they have now, in KiB; it can only be read");

static void qtee_user_buffer_free(struct qtee_user_buffer *buffer)
{
	atomic_long_sub(buffer->buffer.size, &qtee_user_buffer_total);
	free_pages_exact(buffer->buffer.addr, buffer->buffer.size);
	kfree(buffer);
}

/* QTEE can't see the pages any more. */
static void qtee_user_buffer_gone(struct qtee_bridge *bridge)
{
	qtee_user_buffer_free(container_of(bridge, struct qtee_user_buffer, bridge));
}

/* File and mappings are gone, and with them all invocations in it. */
static int qtee_user_buffer_release(struct inode *inode, struct file *file)
{
	struct qtee_user_buffer *buffer = file->private_data;

	if (buffer->lost)
		kmemleak_not_leak(buffer);
	else
		qtee_bridge_delete_then(&buffer->bridge, qtee_user_buffer_gone);
	return 0;
}

/* All pages but the first. */
static int qtee_user_buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct qtee_user_buffer *buffer = file->private_data;
	unsigned long pages = (buffer->buffer.size >> PAGE_SHIFT) - 1, count = vma_pages(vma), i;
	int ret = 0;

	/* A private copy would be no memory that QTEE sees. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	/* Data only. */
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (vma->vm_pgoff > pages || count > pages - vma->vm_pgoff)
		return -ENXIO;

	vm_flags_mod(vma, VM_DONTEXPAND, VM_MAYEXEC);
	for (i = 0; i < count && !ret; i++)
		ret = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE,
				     virt_to_page(buffer->buffer.addr + (1 + vma->vm_pgoff + i) * PAGE_SIZE));
	return ret;
}

const struct file_operations qtee_user_buffer_fops = {
	.owner = THIS_MODULE,
	.release = qtee_user_buffer_release,
	.mmap = qtee_user_buffer_mmap,
};

/*
 * A file for a new buffer, whose mapping has @size bytes, which come back rounded up. Returns it or ERR_PTR(), as
 * QCOM_TEE_IOCTL_ALLOC says.
 */
struct file *qtee_user_buffer_file(u64 *size, u32 flags, u32 fd_flags)
{
	struct qtee_user_buffer *buffer;
	struct file *file;
	int ret = -ENOMEM;
	u32 bytes;

	if (!*size || *size > QTEE_MSG_MAX - PAGE_SIZE || flags || fd_flags != O_RDWR)
		return ERR_PTR(-EINVAL);
	bytes = PAGE_SIZE + PAGE_ALIGN((u32)*size);

	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	if (!qtee_limit_take(&qtee_user_buffer_total, bytes, (u64)READ_ONCE(message_buffers_max_kib) * SZ_1K)) {
		kfree(buffer);
		return ERR_PTR(-EDQUOT);
	}
	buffer->buffer.size = bytes;
	buffer->buffer.addr = alloc_pages_exact(bytes, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!buffer->buffer.addr)
		goto err_total;
	buffer->buffer.paddr = virt_to_phys(buffer->buffer.addr);
	ret = qtee_bridge_create(&buffer->bridge, buffer->buffer.paddr, bytes, QTEE_PERM_READ | QTEE_PERM_WRITE);
	if (ret) {
		qtee_user_buffer_free(buffer);
		return ERR_PTR(ret);
	}

	file = anon_inode_getfile("[qtee-message-buffer]", &qtee_user_buffer_fops, buffer, O_RDWR);
	if (IS_ERR(file)) {
		qtee_bridge_delete_then(&buffer->bridge, qtee_user_buffer_gone);
		return file;
	}
	*size = bytes - PAGE_SIZE;
	return file;

err_total:
	atomic_long_sub(bytes, &qtee_user_buffer_total);
	kfree(buffer);
	return ERR_PTR(ret);
}
