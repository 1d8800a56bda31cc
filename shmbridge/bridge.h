/* SPDX-License-Identifier: GPL-2.0-only */
/* SHM bridges: what lets QTEE see memory that is not a message buffer. */
#ifndef _QTEE_BRIDGE_H
#define _QTEE_BRIDGE_H

#include <linux/types.h>

/**
 * struct qtee_bridge - one bridge, or none where the kernel has not enabled them
 * @handle: QTEE's name for it
 * @active: there is something to delete
 *
 * Locking: the owner's.
 */
struct qtee_bridge {
	u64 handle;
	bool active;
};

int qtee_bridge_create(struct qtee_bridge *bridge, phys_addr_t paddr, size_t size, u32 perms);
void qtee_bridge_delete(struct qtee_bridge *bridge);
void qtee_bridge_delete_then(struct qtee_bridge *bridge, void (*gone)(struct qtee_bridge *bridge));

#endif /* _QTEE_BRIDGE_H */
