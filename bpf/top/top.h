/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What qtee-top's BPF programs know of what is under way. Times are ns of CLOCK_MONOTONIC. */
#ifndef QTEE_BPF_TOP_H
#define QTEE_BPF_TOP_H

#include "filter.h"
#include "types.h"

#define TOP_POOL_SIZE 12

enum top_state {
	TOP_ASKED, /* no server's thread has it; or it is an object of the kernel's */
	TOP_SERVED,
	TOP_ANSWERED, /* the invoker is to go on */
};

/* A callback, by the name of its invocation: that has one at a time. */
struct top_callback {
	__u64 since;
	__u64 received; /* 0 where it was not */
	__u32 object;
	__u32 op;
	__u32 state; /* enum top_state */
	__u32 tgid; /* who invoked */
	__u32 server; /* tgid of who serves */
	__u32 reserved;
	char comm[QTEE_COMM_SIZE];
	char server_comm[QTEE_COMM_SIZE];
};

/* A thread that needs a message buffer and has none, by its tid. */
struct top_wait {
	__u64 since;
	char pool[TOP_POOL_SIZE];
	__u32 reserved;
};

/* Waiting that is over, by the name of the pool. Both grow. */
struct top_pool {
	__u64 count;
	__u64 ns;
};

#endif /* QTEE_BPF_TOP_H */
