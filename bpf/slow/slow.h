/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What qtee-slow's BPF programs tell of an invocation that took too long. Times are ns. */
#ifndef QTEE_BPF_SLOW_H
#define QTEE_BPF_SLOW_H

#include "filter.h"
#include "types.h"

#define SLOW_WAITS 6

enum slow_phase {
	SLOW_LINUX_IN,
	SLOW_SECURE,
	SLOW_CALLBACK,
	SLOW_LINUX_OUT,
	SLOW_PHASES,
};

enum slow_wait_kind {
	SLOW_ASLEEP, /* the invoker's thread slept */
	SLOW_PREEMPTED, /* it could have run, and had no CPU */
	SLOW_RUNNING, /* samples of what it did */
};

/* Where in the kernel the invoker's thread was, and for how long. */
struct slow_wait {
	__u64 ns;
	__u32 stack; /* in qtee_stacks */
	__u32 count;
	__u8 phase;
	__u8 kind;
	__u8 reserved[6];
};

/* The longest of an invocation's callbacks. */
struct slow_callback {
	__u64 ns; /* from the request to its end */
	__u64 queue_ns; /* until a server's thread had it; 0 of an object of the kernel's */
	__u64 server_ns;
	__u32 object;
	__u32 op;
	__u32 server; /* pid of the server's process; 0 of an object of the kernel's */
	__s32 error;
	char comm[QTEE_COMM_SIZE];
};

struct slow_call {
	__u64 invocation;
	__u64 begin;
	__u64 total;
	__u64 phases[SLOW_PHASES];
	__u64 queue_ns; /* of all callbacks */
	__u64 server_ns;
	__u32 object;
	__u32 op;
	__s32 result;
	__s32 error;
	__u32 pid;
	__u32 tid;
	__u32 stack; /* who called: of the program */
	__u32 smcs;
	__u32 interrupted;
	__u32 slept;
	__u32 busy;
	__u32 callbacks;
	__u32 waits; /* used ones */
	__u32 waits_lost; /* that there was no room for */
	char comm[QTEE_COMM_SIZE];
	struct slow_callback longest;
	struct slow_wait wait[SLOW_WAITS];
};

#endif /* QTEE_BPF_SLOW_H */
