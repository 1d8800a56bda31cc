// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHM bridges, through tzmem: it knows whether the kernel enabled them, and then nothing may be left out; where it did
 * not, QTEE sees all memory and there is nothing to do.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/firmware/qcom/qcom_tzmem.h>
#include <linux/kconfig.h>
#include <linux/qtee.h>

#include "../kmod/compat.h"
#include "bridge.h"

/**
 * qtee_bridge_create() - let QTEE see memory
 * @bridge: out
 * @paddr: physical address, page aligned
 * @size: bytes, whole pages
 * @perms: QTEE_PERM_READ, and QTEE_PERM_WRITE where QTEE may write
 *
 * Return: 0, also where bridges are not enabled; -EOPNOTSUPP on a kernel that has them but gives modules no way to make
 *	one (before 6.18); -EACCES for memory that QTEE may only read, since tzmem's bridges are for writing too; -EIO when
 *	QTEE refused; another errno of qcom_scm.
 * Context: process context, may sleep.
 */
int qtee_bridge_create(struct qtee_bridge *bridge, phys_addr_t paddr, size_t size, u32 perms)
{
	bridge->active = false;
	bridge->handle = 0;
#if !IS_ENABLED(CONFIG_QCOM_TZMEM_MODE_SHMBRIDGE)
	return 0;
#elif defined(QTEE_HAVE_TZMEM_BRIDGE)
	int ret;

	if (!(perms & QTEE_PERM_WRITE))
		return -EACCES;
	ret = qcom_tzmem_shm_bridge_create(paddr, size, &bridge->handle);

	/* What QTEE answers comes up as a positive number. */
	if (ret > 0)
		return -EIO;
	if (ret)
		return ret;
	bridge->active = true;
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}
EXPORT_SYMBOL_GPL(qtee_bridge_create);

/**
 * qtee_bridge_delete() - end a bridge
 * @bridge: what was created; one that is not active is left alone
 *
 * Context: process context, may sleep.
 */
void qtee_bridge_delete(struct qtee_bridge *bridge)
{
	if (!bridge->active)
		return;
	bridge->active = false;
#ifdef QTEE_HAVE_TZMEM_BRIDGE
	qcom_tzmem_shm_bridge_delete(bridge->handle);
#endif
}
EXPORT_SYMBOL_GPL(qtee_bridge_delete);

/**
 * qtee_bridge_delete_then() - end a bridge, then do something with its memory
 * @bridge: what was created, or is not active
 * @gone: called once, when QTEE can't see the memory any more
 *
 * Context: process context, may sleep.
 */
void qtee_bridge_delete_then(struct qtee_bridge *bridge, void (*gone)(struct qtee_bridge *bridge))
{
	qtee_bridge_delete(bridge);
	gone(bridge);
}
EXPORT_SYMBOL_GPL(qtee_bridge_delete_then);
