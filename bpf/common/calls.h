/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What BPF programs count of invocations, and user space reads from memory that both see. */
#ifndef QTEE_BPF_CALLS_H
#define QTEE_BPF_CALLS_H

#include "filter.h"
#include "histogram.h"
#include "types.h"

/* Phases of an invocation. All but the first add up to it. */
enum calls_phase_id {
	CALLS_TOTAL,
	CALLS_LINUX_IN, /* until QTEE was first entered */
	CALLS_SECURE,
	CALLS_CALLBACK, /* callbacks, without the server's time */
	CALLS_SERVER, /* a server's thread had the request */
	CALLS_LINUX_OUT, /* the rest: from QTEE's answers on */
	CALLS_PHASES,
};

/* Times are ns. Buckets count modulo 2^32. */
struct calls_phase {
	__u64 sum;
	__u64 max; /* user space sets it back to 0 */
	__u32 buckets[QTEE_BUCKETS];
};

struct calls_key {
	__u32 object;
	__u32 op;
	__u32 tgid;
};

/*
 * Counts of one key; slot 0 has what there was no room for. All grow by atomic additions; the key and the name are
 * there before the slot is found.
 */
struct calls_slot {
	struct calls_key key;
	__u32 used;
	char comm[QTEE_COMM_SIZE]; /* of the process */
	__u64 calls;
	__u64 errors; /* calls with an error of the driver's, or a result that is not 0 */
	__u64 callbacks;
	struct calls_phase phases[CALLS_PHASES];
};

#endif /* QTEE_BPF_CALLS_H */
