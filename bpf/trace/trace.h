/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What qtee-trace's BPF programs send for each event. */
#ifndef QTEE_BPF_TRACE_H
#define QTEE_BPF_TRACE_H

#include "filter.h"
#include "types.h"

#define TRACE_NAME_SIZE 16

enum trace_kind {
	TRACE_INVOKE_BEGIN,
	TRACE_INVOKE_END,
	TRACE_CALLBACK_REQUEST,
	TRACE_CALLBACK_RECEIVE,
	TRACE_CALLBACK_REPLY,
	TRACE_CALLBACK_END,
};

/* Fields that the event of its kind does not have are 0. Times are ns. */
struct trace_record {
	__u64 time; /* of CLOCK_MONOTONIC */
	__u64 invocation;
	__u64 parent; /* of a begin: the invocation whose callback this thread serves, or 0 */
	__u64 total;
	__u64 secure;
	__u64 callback;
	__u32 in;
	__u32 kind; /* enum trace_kind */
	__u32 tgid; /* of the thread that it happened in, as the next two */
	__u32 tid;
	char comm[QTEE_COMM_SIZE];
	__u32 object;
	__u32 op;
	__s32 result;
	__s32 error;
	__u32 in_bytes;
	__u32 out_bytes; /* of an end: those that were written */
	__u8 ib;
	__u8 ob;
	__u8 io;
	__u8 oo;
	__u32 busy; /* of an end: how often QTEE answered so */
	__u32 interrupted;
	__u32 sleeping;
	char name[TRACE_NAME_SIZE]; /* of a callback's end: kind of object, "" where it was not dispatched */
};

#endif /* QTEE_BPF_TRACE_H */
