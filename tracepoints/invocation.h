/* SPDX-License-Identifier: GPL-2.0-only */
/* What trace events know of an invocation. */
#ifndef _QTEE_TRACE_INVOCATION_H
#define _QTEE_TRACE_INVOCATION_H

#include <linux/types.h>

/**
 * struct qtee_trace_invocation - what trace events know of an invocation
 * @name: names it in all events; 0 when it began before any was on
 * @begin: when it began; 0 unless its end is to be told of
 * @since: when QTEE was entered, or the callback came; 0 in between
 * @in: from the beginning until QTEE was first entered
 * @secure: in QTEE
 * @callback: in callbacks
 * @callbacks: how many
 *
 * Times are ns of CLOCK_MONOTONIC. All but @name mean something only while @begin is not 0.
 *
 * Locking: the invocation's thread writes; others read @name while that waits for them.
 */
struct qtee_trace_invocation {
	u64 name;
	u64 begin;
	u64 since;
	u64 in;
	u64 secure;
	u64 callback;
	u32 callbacks;
};

#endif /* _QTEE_TRACE_INVOCATION_H */
