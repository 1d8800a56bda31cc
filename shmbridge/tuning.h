/* SPDX-License-Identifier: GPL-2.0-only */
/* Tunables: what differs from platform to platform. docs/tuning.md says what each costs and gains. */
#ifndef _QTEE_TUNING_H
#define _QTEE_TUNING_H

#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "../kmod/msg.h"

struct device;

#define QTEE_TUNING_PAGE_KIB	(unsigned int)(PAGE_SIZE / SZ_1K)
/* A pair is one block of 64 KiB, where pages are not as large as that. */
#define QTEE_TUNING_IN_KIB	(PAGE_SIZE < SZ_64K ? 64 - QTEE_TUNING_PAGE_KIB : 64)
#define QTEE_TUNING_MSG_KIB	(QTEE_MSG_MAX / SZ_1K)

/*
 * Name of the module parameter, default, least, most, its mode (0644: at run time, too), what it is.
 * The device-tree property is "qcom," and the name with dashes. A value of a module parameter wins.
 */
#define QTEE_TUNABLES(X) \
	X(message_in_kib, QTEE_TUNING_IN_KIB, QTEE_TUNING_PAGE_KIB, QTEE_TUNING_MSG_KIB, 0644, \
	  "Inbound buffer of each pair, in KiB (default: with the outbound one 64); new pairs have it") \
	X(message_out_kib, QTEE_TUNING_PAGE_KIB, QTEE_TUNING_PAGE_KIB, QTEE_TUNING_MSG_KIB, 0644, \
	  "Outbound buffer of each pair, in KiB (default one page); new pairs have it") \
	X(messages_per_cpu, 2, 0, 64, 0644, "Free pairs that each CPU keeps for itself (default 2)") \
	X(messages_spare, 4, 0, 1024, 0644, "Free pairs beyond those that are kept ready for all CPUs (default 4)") \
	X(messages_max, 128, 2, 65536, 0644, \
	  "Most pairs that exist, one of them for releases, and so most invocations at once (default 128)") \
	X(message_wait_ms, 100, 0, 60000, 0644, \
	  "How long an invocation waits for a buffer when all are in use (default 100)") \
	X(pool_max_kib, 65536, 64, 4194304, 0644, "Most memory for message buffers, in KiB (default 65536)") \
	X(trim_ms, 10000, 10, 3600000, 0644, \
	  "How long a buffer is idle before it is given back, in ms (default 10000)") \
	X(message_retain, 1, 0, 1, 0644, \
	  "Leave what a program passed in a buffer until the next message there (default 1); 0: clear it at once") \
	X(callback_poll_us, 200, 0, 10000, 0644, \
	  "How long servers and invokers poll at most before they sleep, in us (default 200); 0: they do not") \
	X(contexts, 0, 0, 65536, 0444, "transport=direct: most calls in QTEE at once (default 0: no bound)")

/*
 * The tunables' values.
 *
 * Locking: each is a word that changes under the lock of tuning.c, and is read at any time.
 */
struct qtee_tuning {
#define X(name, ...) unsigned int name;
	QTEE_TUNABLES(X)
#undef X
};

extern struct qtee_tuning qtee_tuning_values;
#define qtee_tuning(name) READ_ONCE(qtee_tuning_values.name)

/* Size classes of inbound buffers beyond the pair's own. */
#define QTEE_TUNING_CLASSES	8
/* And the most of each that there may be. */
#define QTEE_TUNING_CLASS_MAX	1024

/**
 * struct qtee_tuning_class - a size class
 * @kib: its buffers' size, in KiB
 * @max: how many there may be
 */
struct qtee_tuning_class {
	unsigned int kib;
	unsigned int max;
};

unsigned int qtee_tuning_classes(struct qtee_tuning_class classes[QTEE_TUNING_CLASSES]);
int qtee_tuning_init(struct device *dev);
void qtee_tuning_start(void);
void qtee_tuning_exit(void);

#endif /* _QTEE_TUNING_H */
