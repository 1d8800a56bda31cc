/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What qtee-stacks' BPF programs count. Times are ns. */
#ifndef QTEE_BPF_STACKS_H
#define QTEE_BPF_STACKS_H

#include "filter.h"
#include "types.h"

enum stacks_phase {
	STACKS_LINUX_IN,
	STACKS_SECURE,
	STACKS_CALLBACK,
	STACKS_SERVER,
	STACKS_LINUX_OUT,
	STACKS_PHASES,
};

struct stacks_key {
	__u32 tgid;
	__u32 object;
	__u32 op;
	__u32 user; /* in qtee_stacks */
	__u32 kernel;
	char comm[QTEE_COMM_SIZE]; /* of the process */
};

struct stacks_value {
	__u64 calls;
	__u64 phases[STACKS_PHASES];
};

#endif /* QTEE_BPF_STACKS_H */
