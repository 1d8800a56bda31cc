// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that shares dma-bufs: /dev/vsoc-importer attaches and maps one, writes to it as a device would, and keeps it
 * until it is told of another or closed. Its longest segment is 64 KiB, as it is for devices that say nothing.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

/* Attaches and maps the dma-buf of an fd, and gives its number of segments; -1 lets go. */
#define VSOC_IMPORTER_ATTACH	_IOW('V', 0, int)
/* Writes to it: the 64-bit word at index i becomes the value plus i. */
#define VSOC_IMPORTER_FILL	_IOW('V', 1, __u64)

/**
 * struct vsoc_importer - an open of the device
 * @lock: guards the rest
 * @dmabuf: what it shares, or NULL
 * @attachment: to it
 * @table: its mapping
 */
struct vsoc_importer {
	struct mutex lock;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
};

static struct platform_device *vsoc_importer_device;

static void vsoc_importer_let_go(struct vsoc_importer *importer)
{
	if (!importer->dmabuf)
		return;
	dma_buf_unmap_attachment_unlocked(importer->attachment, importer->table, DMA_BIDIRECTIONAL);
	dma_buf_detach(importer->dmabuf, importer->attachment);
	dma_buf_put(importer->dmabuf);
	importer->dmabuf = NULL;
}

static int vsoc_importer_attach(struct vsoc_importer *importer, int fd)
{
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	struct dma_buf *dmabuf;

	vsoc_importer_let_go(importer);
	if (fd < 0)
		return 0;
	dmabuf = dma_buf_get(fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	attachment = dma_buf_attach(dmabuf, &vsoc_importer_device->dev);
	if (IS_ERR(attachment)) {
		dma_buf_put(dmabuf);
		return PTR_ERR(attachment);
	}
	table = dma_buf_map_attachment_unlocked(attachment, DMA_BIDIRECTIONAL);
	if (IS_ERR(table)) {
		dma_buf_detach(dmabuf, attachment);
		dma_buf_put(dmabuf);
		return PTR_ERR(table);
	}
	importer->dmabuf = dmabuf;
	importer->attachment = attachment;
	importer->table = table;
	return table->nents;
}

static int vsoc_importer_fill(struct vsoc_importer *importer, u64 value)
{
	struct scatterlist *sg;
	int i;

	if (!importer->dmabuf)
		return -ENODATA;
	/* There is no IOMMU: DMA addresses are physical ones. */
	for_each_sgtable_dma_sg(importer->table, sg, i) {
		u64 *word = phys_to_virt(sg_dma_address(sg));
		u64 *end = word + sg_dma_len(sg) / sizeof(*word);

		while (word < end)
			*word++ = value++;
	}
	return 0;
}

static long vsoc_importer_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vsoc_importer *importer = file->private_data;
	u64 value;
	int fd;

	guard(mutex)(&importer->lock);
	switch (cmd) {
	case VSOC_IMPORTER_ATTACH:
		if (get_user(fd, (int __user *)arg))
			return -EFAULT;
		return vsoc_importer_attach(importer, fd);
	case VSOC_IMPORTER_FILL:
		if (get_user(value, (u64 __user *)arg))
			return -EFAULT;
		return vsoc_importer_fill(importer, value);
	default:
		return -ENOTTY;
	}
}

static int vsoc_importer_open(struct inode *inode, struct file *file)
{
	struct vsoc_importer *importer = kzalloc(sizeof(*importer), GFP_KERNEL);

	if (!importer)
		return -ENOMEM;
	mutex_init(&importer->lock);
	file->private_data = importer;
	return nonseekable_open(inode, file);
}

static int vsoc_importer_release(struct inode *inode, struct file *file)
{
	vsoc_importer_let_go(file->private_data);
	kfree(file->private_data);
	return 0;
}

static const struct file_operations vsoc_importer_fops = {
	.owner = THIS_MODULE,
	.open = vsoc_importer_open,
	.release = vsoc_importer_release,
	.unlocked_ioctl = vsoc_importer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice vsoc_importer_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vsoc-importer",
	.fops = &vsoc_importer_fops,
};

static int __init vsoc_importer_init(void)
{
	int ret;

	vsoc_importer_device = platform_device_register_simple("vsoc-importer", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(vsoc_importer_device))
		return PTR_ERR(vsoc_importer_device);
	ret = dma_coerce_mask_and_coherent(&vsoc_importer_device->dev, DMA_BIT_MASK(64));
	if (!ret)
		ret = misc_register(&vsoc_importer_misc);
	if (ret)
		platform_device_unregister(vsoc_importer_device);
	return ret;
}

static void __exit vsoc_importer_exit(void)
{
	misc_deregister(&vsoc_importer_misc);
	platform_device_unregister(vsoc_importer_device);
}

module_init(vsoc_importer_init);
module_exit(vsoc_importer_exit);

MODULE_DESCRIPTION("A device that shares dma-bufs, for tests");
MODULE_LICENSE("GPL");
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS(DMA_BUF);
#else
MODULE_IMPORT_NS("DMA_BUF");
#endif
