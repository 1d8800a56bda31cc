/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Whose invocations a tool looks at: what user space sets before a BPF program is loaded, so that what is not asked for costs nothing. */
#ifndef QTEE_BPF_FILTER_H
#define QTEE_BPF_FILTER_H

#include "types.h"

#define QTEE_COMM_SIZE 16

struct qtee_filter {
	__u8 by_process; /* tgid */
	__u8 by_comm;
	__u8 by_object;
	__u8 by_op;
	__u32 tgid;
	__u32 object;
	__u32 op;
	char comm[QTEE_COMM_SIZE]; /* of the process; zeros behind it */
};

#endif /* QTEE_BPF_FILTER_H */
