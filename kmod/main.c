// SPDX-License-Identifier: GPL-2.0-only
/*
 * The qtee core: the device it binds to, and what is made when it does.
 *
 * There is one QTEE, so there is one of everything. The device is the "qcomtee" that qcom_scm makes where it found
 * QTEE, or one of our own where the kernel does not look for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
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

static struct device *qtee_bound;
static struct platform_device *qtee_own_device;

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

static int qtee_probe(struct platform_device *pdev)
{
	int ret;

	if (qtee_bound)
		return -EBUSY;
	if (!qcom_scm_is_available())
		return -EPROBE_DEFER;

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

/* Only when the module goes, and so after everything that uses it: see suppress_bind_attrs. */
static void qtee_remove(struct platform_device *pdev)
{
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
	},
	.id_table = qtee_ids,
	.probe = qtee_probe,
	.remove = qtee_remove,
};

static int __init qtee_init(void)
{
	struct device *dev;
	int ret;

	ret = platform_driver_register(&qtee_driver);
	if (ret)
		return ret;

	/* A node of the device tree has bound by now. */
	if (qtee_bound)
		return 0;

	dev = bus_find_device_by_name(&platform_bus_type, NULL, QTEE_DEVICE_NAME);
	if (dev) {
		put_device(dev);
	} else {
		qtee_own_device = platform_device_register_simple(QTEE_DEVICE_NAME, PLATFORM_DEVID_NONE, NULL, 0);
		if (IS_ERR(qtee_own_device)) {
			platform_driver_unregister(&qtee_driver);
			return PTR_ERR(qtee_own_device);
		}
	}

	/* The modules above this one need the device now; a device that another driver has is no use to them. */
	if (!qtee_bound) {
		pr_err("no QTEE, or another driver has it\n");
		platform_device_unregister(qtee_own_device);
		platform_driver_unregister(&qtee_driver);
		return -ENODEV;
	}
	return 0;
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
