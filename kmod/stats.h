/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters, always on: one add to the CPU's own memory each. */
#ifndef _QTEE_STATS_H
#define _QTEE_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

/* name in sysfs, what it counts */
#define QTEE_STATS(X) \
	X(INVOCATIONS, invocations)			/* sent to QTEE, releases among them */ \
	X(CALLBACKS, callbacks)				/* requests of QTEE */ \
	X(CALLBACK_POLLS, callback_polls)		/* requests and answers for which nobody slept */ \
	X(ASYNC_RELEASES, async_releases)		/* ids released by asynchronous message */ \
	X(MAPPINGS_AHEAD, mappings_ahead)		/* told to QTEE before it asked */ \
	X(TEE_OBJECTS, tee_objects)			/* alive, those whose release is pending among them */ \
	X(CB_IDS, callback_ids)				/* held by QTEE */ \
	X(RELEASES, releases)				/* RELEASE sent and taken */ \
	X(RELEASE_RETRIES, release_retries)		/* RELEASE that did not reach QTEE and was sent again */ \
	X(RELEASE_FAILURES, release_failures)		/* given up, or refused */ \
	X(BUSY_RETRIES, busy_retries)			/* SMCs that QTEE was too busy to take */ \
	X(UNSENT, unsent)				/* invocations that QTEE never saw */ \
	X(MALFORMED, malformed)				/* messages of QTEE that could not be believed */ \
	X(UNKNOWN_IDS, unknown_ids)			/* ids of QTEE that are not in the table */ \
	X(BRIDGES, bridges)				/* SHM bridges that QTEE has, but for tzmem's */ \
	X(BRIDGE_RETRIES, bridge_retries)		/* deletions that QTEE was asked for again */ \
	X(BRIDGE_FAILURES, bridge_failures)		/* bridges not made, or not known at their deletion */ \
	X(MESSAGES, messages)				/* message buffer pairs that exist */ \
	X(MESSAGE_MISSES, message_misses)		/* pairs that did not come from the CPU's own cache */ \
	X(MESSAGES_LOST, messages_lost)			/* pairs that QTEE may still write to: never used again */

enum qtee_stat {
#define X(id, name) QTEE_STAT_##id,
	QTEE_STATS(X)
#undef X
	QTEE_STATS_NUM
};

struct qtee_stats {
	u64 value[QTEE_STATS_NUM];
};

DECLARE_PER_CPU(struct qtee_stats, qtee_stats);

/* Sums over CPUs are right modulo 2^64, so what one CPU counts up another may count down. Any context. */
static inline void qtee_stat_add(enum qtee_stat stat, u64 n)
{
	this_cpu_add(qtee_stats.value[stat], n);
}

static inline void qtee_stat_inc(enum qtee_stat stat)
{
	qtee_stat_add(stat, 1);
}

static inline void qtee_stat_dec(enum qtee_stat stat)
{
	qtee_stat_add(stat, (u64)-1);
}

u64 qtee_stat_read(enum qtee_stat stat);

extern const struct attribute_group qtee_stats_group;

#endif /* _QTEE_STATS_H */
