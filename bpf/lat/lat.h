/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What qtee-lat's BPF programs count, and user space reads from memory that both see. */
#ifndef QTEE_BPF_LAT_H
#define QTEE_BPF_LAT_H

#include "filter.h"
#include "histogram.h"
#include "types.h"

/* Phases of an invocation. All but the first add up to it. */
enum lat_phase_id {
	LAT_TOTAL,
	LAT_LINUX_IN, /* until QTEE was first entered */
	LAT_SECURE,
	LAT_CALLBACK, /* callbacks, without the server's time */
	LAT_SERVER, /* a server's thread had the request */
	LAT_LINUX_OUT, /* the rest: from QTEE's answers on */
	LAT_PHASES,
};

/* Times are ns. Buckets count modulo 2^32. */
struct lat_phase {
	__u64 sum;
	__u64 max; /* user space sets it back to 0 */
	__u32 buckets[QTEE_BUCKETS];
};

struct lat_key {
	__u32 object;
	__u32 op;
	__u32 tgid;
};

/*
 * Counts of one key; slot 0 has what there was no room for. All grow by atomic additions; the key and the name are
 * there before the slot is found.
 */
struct lat_slot {
	struct lat_key key;
	__u32 used;
	char comm[QTEE_COMM_SIZE]; /* of the process */
	__u64 calls;
	__u64 errors; /* calls with an error of the driver's, or a result that is not 0 */
	__u64 callbacks;
	struct lat_phase phases[LAT_PHASES];
};

#endif /* QTEE_BPF_LAT_H */
