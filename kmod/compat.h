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

/* qcom_scm_shm_bridge_*() lost their device argument in 6.17. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define QTEE_SCM_BRIDGE_DEV 1
#endif

/* qcom_tzmem_shm_bridge_*() came with qcomtee, in 6.18. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define QTEE_HAVE_TZMEM_BRIDGE 1
#endif

#endif /* _QTEE_COMPAT_H */
