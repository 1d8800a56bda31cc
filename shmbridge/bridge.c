// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHM bridges: the one place that makes, counts and ends them.
 *
 * Once bridges are enabled, QTEE sees no memory that lies under none. The kernel enables them when its tzmem is in
 * SHM-bridge mode, and then tzmem bridges what it hands out, message buffers among it; all else is bridged here. On
 * a kernel that does not, shmbridge=own enables them and bridges everything that this driver gives QTEE.
 *
 * A bridge that QTEE refuses to delete for now waits in a list, and a worker asks again, less and less often, until it
 * is gone. The memory under it goes back to nobody before: that is what the function gone is for.
 *
 * Locking: qtee_bridge_lock guards the list of bridges whose deletion was refused, and is a leaf.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/firmware/qcom/qcom_tzmem.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/qtee.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../kmod/compat.h"
#include "../kmod/stats.h"
#include "../tracepoints/trace.h"
#include "bridge.h"

/* Memory goes to one other VM, Linux's own (HLOS), which keeps all its rights. */
#define QTEE_BRIDGE_VM_COUNT		BIT(9)
#define QTEE_BRIDGE_VM_HLOS		3
#define QTEE_BRIDGE_VM_PERMS		(QTEE_PERM_READ | QTEE_PERM_WRITE)

/* Pause before a refused deletion is asked for again: doubled each time, up to the latter. */
#define QTEE_BRIDGE_RETRY_MS		10
#define QTEE_BRIDGE_RETRY_MAX_MS	2560
/* How long the module waits for QTEE when it goes. */
#define QTEE_BRIDGE_EXIT_MS		10000

static char *shmbridge = "auto";
module_param(shmbridge, charp, 0444);
MODULE_PARM_DESC(shmbridge, "SHM bridges: auto (as the kernel does, default), own (enable them where the kernel does not; cuts off its other users of tzmem), none");

/**
 * enum qtee_bridge_mode - who bridges
 * @QTEE_BRIDGE_NONE: nobody: QTEE sees all memory, or is not given any but tzmem's
 * @QTEE_BRIDGE_KERNEL: tzmem its own memory, we the rest
 * @QTEE_BRIDGE_OWN: we, everything
 */
enum qtee_bridge_mode {
	QTEE_BRIDGE_NONE,
	QTEE_BRIDGE_KERNEL,
	QTEE_BRIDGE_OWN,
};

static const char *const qtee_bridge_mode_names[] = { "none", "kernel", "own" };

/* Set at init. */
static enum qtee_bridge_mode qtee_bridge_mode;

static LIST_HEAD(qtee_bridge_refused);
static DEFINE_SPINLOCK(qtee_bridge_lock);
static unsigned int qtee_bridge_delay = QTEE_BRIDGE_RETRY_MS;
static DECLARE_WAIT_QUEUE_HEAD(qtee_bridge_wait);

static void qtee_bridge_retry(struct work_struct *work);
static DECLARE_DELAYED_WORK(qtee_bridge_work, qtee_bridge_retry);

static int qtee_bridge_scm_create(phys_addr_t paddr, size_t size, u32 perms, u64 *handle)
{
	u64 ns = paddr | QTEE_BRIDGE_VM_PERMS, s = paddr | perms, flags = size | QTEE_BRIDGE_VM_COUNT;

	return qtee_scm_bridge_create(ns, s, flags, QTEE_BRIDGE_VM_HLOS, handle);
}

/**
 * qtee_bridge_create() - let QTEE see memory
 * @bridge: out; not active where bridges are not in use, or on failure
 * @paddr: physical address, page aligned
 * @size: bytes, whole pages
 * @perms: what QTEE may do there: QTEE_PERM_READ, QTEE_PERM_WRITE
 *
 * Bridges can't overlap: memory that has one is refused.
 *
 * Return: 0; -EINVAL; -EAGAIN when QTEE is too busy; -EIO when it refused; another errno of qcom_scm.
 * Context: process context, may sleep.
 */
int qtee_bridge_create(struct qtee_bridge *bridge, phys_addr_t paddr, size_t size, u32 perms)
{
	int ret;

	bridge->active = false;
	bridge->handle = 0;
	if (!size || !PAGE_ALIGNED(paddr | size) || !perms || perms & ~(QTEE_PERM_READ | QTEE_PERM_WRITE))
		return -EINVAL;
	if (qtee_bridge_mode == QTEE_BRIDGE_NONE)
		return 0;

	ret = qtee_bridge_scm_create(paddr, size, perms, &bridge->handle);
	/* What QTEE itself answers comes up as a positive number. */
	if (ret > 0)
		ret = -EIO;
	else if (ret == -EBUSY)
		ret = -EAGAIN;
	trace_qtee_bridge_create(bridge->handle, paddr, size, perms, ret);
	if (ret) {
		qtee_stat_inc(QTEE_STAT_BRIDGE_FAILURES);
		return ret;
	}
	bridge->active = true;
	qtee_stat_inc(QTEE_STAT_BRIDGES);
	return 0;
}
EXPORT_SYMBOL_GPL(qtee_bridge_create);

/* Asks QTEE to delete a bridge. False when it refuses for now. May sleep, for as long as qcom_scm asks again. */
static bool qtee_bridge_try(struct qtee_bridge *bridge)
{
	int ret = qtee_scm_bridge_delete(bridge->handle);

	trace_qtee_bridge_delete(bridge->handle, ret);
	/* A bridge that QTEE does not know is gone, however that came. */
	if (ret && ret != -EINVAL)
		return false;
	if (ret) {
		qtee_stat_inc(QTEE_STAT_BRIDGE_FAILURES);
		pr_warn_ratelimited("QTEE does not know bridge 0x%llx\n", bridge->handle);
	}
	qtee_stat_dec(QTEE_STAT_BRIDGES);
	return true;
}

/* The bridge is gone, and may be freed in here. */
static void qtee_bridge_end(struct qtee_bridge *bridge)
{
	struct module *owner = bridge->owner;

	bridge->gone(bridge);
	module_put(owner);
}

static void qtee_bridge_retry(struct work_struct *work)
{
	struct qtee_bridge *bridge, *next;
	LIST_HEAD(refused);
	bool left;

	scoped_guard(spinlock, &qtee_bridge_lock)
		list_splice_init(&qtee_bridge_refused, &refused);

	list_for_each_entry_safe(bridge, next, &refused, node) {
		qtee_stat_inc(QTEE_STAT_BRIDGE_RETRIES);
		if (!qtee_bridge_try(bridge))
			continue;
		list_del(&bridge->node);
		qtee_bridge_end(bridge);
	}

	scoped_guard(spinlock, &qtee_bridge_lock) {
		list_splice(&refused, &qtee_bridge_refused);
		left = !list_empty(&qtee_bridge_refused);
		qtee_bridge_delay = left ? min(2 * qtee_bridge_delay, QTEE_BRIDGE_RETRY_MAX_MS) : QTEE_BRIDGE_RETRY_MS;
	}
	if (left)
		queue_delayed_work(qtee_unbound_wq, &qtee_bridge_work, msecs_to_jiffies(qtee_bridge_delay));
}

/**
 * qtee_bridge_delete_owned() - end a bridge, then do something with its memory
 * @bridge: what was created, or is not active
 * @gone: called once, when QTEE can't see the memory any more: at once, or by a worker
 * @owner: module of @gone, which stays until that has returned; NULL for the core itself, whose exit waits
 *
 * Modules use qtee_bridge_delete_then(), which knows the owner.
 *
 * Context: process context, may sleep.
 */
void qtee_bridge_delete_owned(struct qtee_bridge *bridge, void (*gone)(struct qtee_bridge *bridge),
			      struct module *owner)
{
	if (!bridge->active || qtee_bridge_try(bridge)) {
		bridge->active = false;
		gone(bridge);
		return;
	}

	__module_get(owner);
	bridge->owner = owner;
	bridge->gone = gone;
	scoped_guard(spinlock, &qtee_bridge_lock)
		list_add_tail(&bridge->node, &qtee_bridge_refused);
	queue_delayed_work(qtee_unbound_wq, &qtee_bridge_work, msecs_to_jiffies(QTEE_BRIDGE_RETRY_MS));
}
EXPORT_SYMBOL_GPL(qtee_bridge_delete_owned);

static void qtee_bridge_woken(struct qtee_bridge *bridge)
{
	/* Whoever sees it gone may free the struct: all that is done to it comes before. */
	smp_store_release(&bridge->active, false);
	wake_up_all(&qtee_bridge_wait);
}

/**
 * qtee_bridge_delete() - end a bridge
 * @bridge: what was created; one that is not active is left alone
 *
 * Waits until it is gone, however long QTEE holds it. Who must not wait takes qtee_bridge_delete_then().
 *
 * Context: process context, sleeps.
 */
void qtee_bridge_delete(struct qtee_bridge *bridge)
{
	qtee_bridge_delete_owned(bridge, qtee_bridge_woken, NULL);
	/* Pairs with qtee_bridge_woken(). */
	wait_event(qtee_bridge_wait, !smp_load_acquire(&bridge->active));
}
EXPORT_SYMBOL_GPL(qtee_bridge_delete);

/* Whether memory of tzmem needs a bridge of ours. */
bool qtee_bridge_own(void)
{
	return qtee_bridge_mode == QTEE_BRIDGE_OWN;
}

const char *qtee_bridge_mode_name(void)
{
	return qtee_bridge_mode_names[qtee_bridge_mode];
}

/*
 * Whether bridges are in use on a kernel whose tzmem is in SHM-bridge mode: not on machines that it knows to have
 * trouble with them, nor where the firmware has none. Bridging a page tells.
 */
static bool qtee_bridge_probe(void)
{
	unsigned long page = get_zeroed_page(GFP_KERNEL);
	struct qtee_bridge bridge = {};
	int ret;

	if (!page)
		return false;
#ifdef QTEE_HAVE_TZMEM_BRIDGE
	ret = qcom_tzmem_shm_bridge_create(virt_to_phys((void *)page), PAGE_SIZE, &bridge.handle);
	/* Where they are not in use it leaves the handle alone. When QTEE refuses, they are. */
	if (!ret && !bridge.handle) {
		free_page(page);
		return false;
	}
#else
	/* This kernel does not tell. */
	ret = qtee_bridge_scm_create(virt_to_phys((void *)page), PAGE_SIZE, QTEE_BRIDGE_VM_PERMS, &bridge.handle);
	if (ret && ret != -EBUSY) {
		free_page(page);
		return false;
	}
#endif
	if (!ret) {
		bridge.active = true;
		qtee_stat_inc(QTEE_STAT_BRIDGES);
		trace_qtee_bridge_create(bridge.handle, virt_to_phys((void *)page), PAGE_SIZE, QTEE_BRIDGE_VM_PERMS, 0);
		qtee_bridge_delete(&bridge);
	}
	free_page(page);
	return true;
}

/* Enables bridges. Returns 0; -EOPNOTSUPP where the firmware has none, or an errno. */
static int qtee_bridge_enable(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "qcom,scm");
	struct platform_device *scm = of_find_device_by_node(node);
	int ret;

	of_node_put(node);
	if (!scm)
		return -ENODEV;
	ret = qtee_scm_bridge_enable(&scm->dev);
	platform_device_put(scm);
	return ret > 0 ? -EIO : ret;
}

/*
 * Chooses the mode. Returns 0; -EINVAL for one that does not exist; where shmbridge=own and QTEE does not enable
 * bridges, what it said.
 */
int qtee_bridge_init(void)
{
	int ret;

	qtee_bridge_mode = QTEE_BRIDGE_NONE;
	if (!strcmp(shmbridge, "none"))
		return 0;
	if (strcmp(shmbridge, "auto") && strcmp(shmbridge, "own")) {
		pr_err("shmbridge=%s: it is auto, own or none\n", shmbridge);
		return -EINVAL;
	}

	if (IS_ENABLED(CONFIG_QCOM_TZMEM_MODE_SHMBRIDGE)) {
		if (qtee_bridge_probe())
			qtee_bridge_mode = QTEE_BRIDGE_KERNEL;
		if (!strcmp(shmbridge, "own"))
			pr_info("shmbridge=own: this kernel makes bridges itself\n");
		return 0;
	}
	if (!strcmp(shmbridge, "auto"))
		return 0;

	ret = qtee_bridge_enable();
	if (ret) {
		pr_err("shmbridge=own: QTEE does not enable bridges: %d\n", ret);
		return ret;
	}
	qtee_bridge_mode = QTEE_BRIDGE_OWN;
	return 0;
}

/* Nobody asks for anything any more. What QTEE does not let go in time is given up, and its memory with it. */
void qtee_bridge_exit(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(QTEE_BRIDGE_EXIT_MS);

	/* From here on the worker runs only when it is told to, below. */
	cancel_delayed_work_sync(&qtee_bridge_work);
	while (!list_empty(&qtee_bridge_refused) && time_before(jiffies, end)) {
		qtee_bridge_retry(&qtee_bridge_work.work);
		cancel_delayed_work_sync(&qtee_bridge_work);
		if (!list_empty(&qtee_bridge_refused))
			msleep(QTEE_BRIDGE_RETRY_MS);
	}
	if (list_empty(&qtee_bridge_refused))
		return;
	pr_err("QTEE keeps %zu bridges, their memory is lost\n", list_count_nodes(&qtee_bridge_refused));
}
