/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What qtee-exporter's BPF programs keep beside their counts of invocations, and user space reads. */
#ifndef QTEE_BPF_METRICS_H
#define QTEE_BPF_METRICS_H

#include "types.h"

/* Classes of objects that are always there. */
enum metrics_class_id {
	METRICS_OTHER, /* there was no room for its class */
	METRICS_UNKNOWN, /* nobody saw where it came from */
	METRICS_ROOT,
	METRICS_FIXED,
	METRICS_LINUX = 0xffffffff, /* objects of Linux's, in errors of callbacks */
};

/* How objects of a class came to be. */
enum metrics_origin {
	METRICS_ORIGIN_FIXED,
	METRICS_ORIGIN_ENVIRONMENT, /* registered with the root object */
	METRICS_ORIGIN_SERVICE, /* opened by number */
	METRICS_ORIGIN_CHILD, /* given by operation number of the parent */
};

/* Children of children of a service have a class of their own, theirs in turn that of their parent. */
#define METRICS_DEPTH_MAX 3

#define METRICS_UID_UNKNOWN 0xffffffff

struct metrics_class {
	__u32 parent; /* of a child: index of its parent's class; else 0 */
	__u32 number; /* of a service: its uid; of a child: the operation; else 0 */
	__u32 origin; /* enum metrics_origin */
	__u32 depth;
};

/* What tells classes from each other. */
struct metrics_class_key {
	__u32 parent;
	__u32 number;
	__u32 origin;
};

/* A reason why an invocation, or a callback, had no success. */
struct metrics_error {
	__u32 class_id;
	__u32 op; /* 0 of callbacks */
	__s32 code; /* what QTEE or the object said, or a negative errno of the driver's */
	__u32 is_errno;
};

#define METRICS_ERRORS_MAX 256

#endif /* QTEE_BPF_METRICS_H */
