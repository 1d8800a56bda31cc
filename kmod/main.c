// SPDX-License-Identifier: GPL-2.0-only
/*
 * The qtee core: the device it binds to, and what is made when it does.
 *
 * There is one QTEE, so there is one of everything. The device is a node of the device tree; or the "qcomtee" that
 * qcom_scm makes where it found QTEE; or one of our own where the kernel does not look for it. Where there are both of
 * the former, qcom_scm's is held, so that no other driver speaks to the same QTEE by it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/qtee.h>

#include "compat.h"
#include "introspect.h"
#include "object.h"
#include "stats.h"
#include "transport.h"
#include "../shmbridge/bridge.h"
#include "../shmbridge/message.h"
#include "../shmbridge/tuning.h"

#define QTEE_DEVICE_NAME "qcomtee"

/* A device tree may name the driver instead; see docs/devicetree/qcom,qtee.yaml. */
static const struct of_device_id qtee_of_ids[] = {
	{ .compatible = "qcom,qtee" },
	{ }
};
MODULE_DEVICE_TABLE(of, qtee_of_ids);

/* Orders probes of two devices; nests inside the device's lock and outside everything that probing takes. */
static DEFINE_MUTEX(qtee_probe_lock);
static struct device *qtee_bound;
static struct platform_device *qtee_own_device;
/* Why the device that was there is not bound, for whoever loads the module. Changes under qtee_probe_lock. */
static int qtee_refusal = -ENODEV;

/**
 * qtee_device() - the device that the driver is bound to
 *
 * For memory that QTEE is to see: it reaches all of physical memory, at its physical addresses.
 *
 * Return: the device; it stays as long as the module does.
 */
struct device *qtee_device(void)
{
	return qtee_bound;
}
EXPORT_SYMBOL_GPL(qtee_device);

static int qtee_bind(struct platform_device *pdev)
{
	int ret;

	/* A second device for the one QTEE: it is held, and nothing is done with it. */
	if (qtee_bound)
		return 0;
	if (!qcom_scm_is_available()) {
		dev_err(&pdev->dev, "qcom_scm is not ready, so QTEE can't be reached yet\n");
		return -EPROBE_DEFER;
	}
	/* QTEE is told of DMA addresses as physical ones. */
	if (device_iommu_mapped(&pdev->dev)) {
		dev_err(&pdev->dev, "this device can't be behind an IOMMU\n");
		return -EINVAL;
	}

	ret = dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	/* There is no hardware that splits memory: one range is one segment, however long. The default is 64 KiB. */
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	ret = qtee_tuning_init(&pdev->dev);
	if (ret)
		return ret;
	ret = qtee_transport_init();
	if (ret)
		return ret;
	ret = qtee_bridge_init();
	if (ret)
		return ret;
	ret = qtee_object_cache_init();
	if (ret)
		return ret;
	ret = qtee_message_init();
	if (ret)
		goto err_cache;
	ret = qtee_release_init();
	if (ret)
		goto err_message;
	ret = qtee_pool_sysfs_add(&pdev->dev);
	if (ret)
		goto err_release;

	qtee_tuning_start();
	qtee_introspect_init();
	qtee_bound = &pdev->dev;
	dev_info(&pdev->dev, "transport %s, bridges %s\n", qtee_transport->name, qtee_bridge_mode_name());
	return 0;

err_release:
	qtee_release_exit();
err_message:
	qtee_message_exit();
err_cache:
	qtee_bridge_exit();
	qtee_object_cache_exit();
	return ret;
}

static int qtee_probe(struct platform_device *pdev)
{
	int ret;

	/* qcom_scm may register its device while the node's is being probed. */
	guard(mutex)(&qtee_probe_lock);
	ret = qtee_bind(pdev);
	/* -EPROBE_DEFER is the driver core's own. */
	if (ret)
		qtee_refusal = ret == -EPROBE_DEFER ? -EAGAIN : ret;
	return ret;
}

/* Only when the module goes, and so after everything that uses it: see suppress_bind_attrs. */
static void qtee_remove(struct platform_device *pdev)
{
	if (&pdev->dev != qtee_bound)
		return;

	qtee_introspect_exit();
	qtee_tuning_exit();
	qtee_pool_sysfs_remove();
	qtee_release_exit();
	qtee_table_exit();
	qtee_message_exit();
	qtee_bridge_exit();
	qtee_object_cache_exit();
	qtee_bound = NULL;
}

static const struct attribute_group *qtee_groups[] = {
	&qtee_introspect_group,
	&qtee_stats_group,
	NULL
};

static const struct platform_device_id qtee_ids[] = {
	{ QTEE_DEVICE_NAME },
	{ }
};
MODULE_DEVICE_TABLE(platform, qtee_ids);

static struct platform_driver qtee_driver = {
	.driver = {
		.name = "qtee",
		.of_match_table = qtee_of_ids,
		.dev_groups = qtee_groups,
		.suppress_bind_attrs = true,
		/* qtee_init() has to know what came of it, whatever the command line wishes. */
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
	.id_table = qtee_ids,
	.probe = qtee_probe,
	.remove = qtee_remove,
};

/*
 * Whether QTEE is ours, and nobody else's: says so if not. dev is qcom_scm's or NULL. Returns 0, -EBUSY,
 * -ENODEV or what probing met.
 */
static int qtee_bound_check(struct device *dev)
{
	if (dev) {
		guard(device)(dev);
		if (dev->driver && dev->driver != &qtee_driver.driver) {
			pr_err("the driver %s has the device %s: unbind it first\n", dev->driver->name,
			       dev_name(dev));
			return -EBUSY;
		}
		if (!dev->driver && qtee_bound) {
			pr_err("the device %s is kept for another driver: see its driver_override\n", dev_name(dev));
			return -EBUSY;
		}
	}
	if (qtee_bound)
		return 0;
	if (qtee_refusal == -ENODEV)
		pr_err("no QTEE, or its device is kept for another driver\n");
	return qtee_refusal;
}

static int __init qtee_init(void)
{
	struct device *dev;
	int ret;

	ret = platform_driver_register(&qtee_driver);
	if (ret)
		return ret;

	dev = bus_find_device_by_name(&platform_bus_type, NULL, QTEE_DEVICE_NAME);
	/* A node of the device tree has bound by now. */
	if (!dev && !qtee_bound) {
		qtee_own_device = platform_device_register_simple(QTEE_DEVICE_NAME, PLATFORM_DEVID_NONE, NULL, 0);
		if (IS_ERR(qtee_own_device)) {
			platform_driver_unregister(&qtee_driver);
			return PTR_ERR(qtee_own_device);
		}
	}

	/* The modules above this one need the device now; a device that another driver has is no use to them. */
	ret = qtee_bound_check(dev);
	put_device(dev);
	if (ret) {
		platform_device_unregister(qtee_own_device);
		platform_driver_unregister(&qtee_driver);
	}
	return ret;
}

static void __exit qtee_exit(void)
{
	platform_device_unregister(qtee_own_device);
	platform_driver_unregister(&qtee_driver);
}

module_init(qtee_init);
module_exit(qtee_exit);

MODULE_DESCRIPTION("Object invocation in Qualcomm's Trusted Execution Environment");
MODULE_LICENSE("GPL");
