/* SPDX-License-Identifier: GPL-2.0-only */
/* SHM bridges: what lets QTEE see memory, where the kernel or the user wants it so. */
#ifndef _QTEE_BRIDGE_H
#define _QTEE_BRIDGE_H

#include <linux/list.h>
#include <linux/types.h>

struct module;

/**
 * struct qtee_bridge - one bridge, or none where bridges are not in use
 * @active: there is a bridge; QTEE may see the memory as long as this is set
 * @handle: QTEE's name for it
 * @node: in the list of those that QTEE has not deleted yet
 * @owner: module of @gone
 * @gone: what is called when the bridge is gone
 *
 * Locking: the owner's until its deletion is asked for; then bridge.c's until @gone is called.
 */
struct qtee_bridge {
	bool active;
	u64 handle;
	struct list_head node;
	struct module *owner;
	void (*gone)(struct qtee_bridge *bridge);
};

int qtee_bridge_create(struct qtee_bridge *bridge, phys_addr_t paddr, size_t size, u32 perms);
void qtee_bridge_delete(struct qtee_bridge *bridge);
void qtee_bridge_delete_owned(struct qtee_bridge *bridge, void (*gone)(struct qtee_bridge *bridge),
			      struct module *owner);

/**
 * qtee_bridge_delete_then() - end a bridge, then do something with its memory
 * @bridge: what was created, or is not active
 * @gone: called once, when QTEE can't see the memory any more: mostly at once, before this returns; from a worker
 *	later when QTEE refuses for now. It may free @bridge. Process context, may sleep.
 *
 * The calling module stays until @gone has returned.
 *
 * Context: process context, may sleep.
 */
#define qtee_bridge_delete_then(bridge, gone) qtee_bridge_delete_owned(bridge, gone, THIS_MODULE)

/* Inside the core. */
bool qtee_bridge_own(void);
const char *qtee_bridge_mode_name(void);
int qtee_bridge_init(void);
void qtee_bridge_exit(void);

#endif /* _QTEE_BRIDGE_H */
