/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels we build for, 6.12 and 7.x, and nothing else.
 */
#ifndef _QTEE_COMPAT_H
#define _QTEE_COMPAT_H

#include <linux/version.h>
#include <linux/module.h>

/* Namespaces became strings in 6.13. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define QTEE_IMPORT_NS_DMA_BUF() MODULE_IMPORT_NS(DMA_BUF)
#else
#define QTEE_IMPORT_NS_DMA_BUF() MODULE_IMPORT_NS("DMA_BUF")
#endif

/* qcom_scm_qtee_invoke_smc() and qcom_scm_qtee_callback_response() came in 6.18. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define QTEE_HAVE_SCM_QTEE 1
#endif

/*
 * qcom_scm_shm_bridge_create() and _delete() lost their device in 6.17, which they never used; _enable() got one, and
 * left the public header.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define qtee_scm_bridge_create(...)	qcom_scm_shm_bridge_create(NULL, __VA_ARGS__)
#define qtee_scm_bridge_delete(handle)	qcom_scm_shm_bridge_delete(NULL, handle)
#define qtee_scm_bridge_enable(dev)	((void)(dev), qcom_scm_shm_bridge_enable())
#else
struct device;
int qcom_scm_shm_bridge_enable(struct device *scm_dev);
#define qtee_scm_bridge_create(...)	qcom_scm_shm_bridge_create(__VA_ARGS__)
#define qtee_scm_bridge_delete(handle)	qcom_scm_shm_bridge_delete(handle)
#define qtee_scm_bridge_enable(dev)	qcom_scm_shm_bridge_enable(dev)
#endif

/* qcom_tzmem_shm_bridge_*() came with qcomtee, in 6.18. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define QTEE_HAVE_TZMEM_BRIDGE 1
#endif

/* Workqueues were renamed; a use of an old name is warned of by now. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define qtee_unbound_wq system_dfl_wq
#else
#define qtee_unbound_wq system_unbound_wq
#endif

/* A local variable that is not cleared where the kernel clears them. Later kernels of 6.12 have it. */
#ifndef __uninitialized
#define __uninitialized __attribute__((__uninitialized__))
#endif

#endif /* _QTEE_COMPAT_H */
