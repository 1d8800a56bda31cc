/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What qtee-tune's BPF programs count, and user space reads. Sizes are bytes, times are ns. */
#ifndef QTEE_TUNE_H
#define QTEE_TUNE_H

#include "filter.h"
#include "types.h"

/* Messages are counted in units of this, whatever the kernel's pages are. */
#define TUNE_UNIT_SHIFT 12
/* Up to the largest message, 4 MiB; the last one has what is refused for being larger. */
#define TUNE_UNITS 1025

/* Depths of CPUs' lists that are simulated: what if messages_per_cpu were this? */
#define TUNE_DEPTHS 8
#define TUNE_DEPTH_VALUES { 1, 2, 3, 4, 6, 8, 12, 16 }

#define TUNE_CLASSES 8
#define TUNE_POOL_NAME 12

/* Inputs and outputs that are copied and together this large are counted by process. */
#define TUNE_COPY_LARGE 16384

/* A number that goes up and down, and the most that it ever was. Modified atomically; `most` may miss a race of CPUs. */
struct tune_level {
	__s64 now;
	__s64 most;
};

/* A CPU's list, as it would be at each depth: how many are out, and how often it was empty. */
struct tune_lists {
	__u32 out[TUNE_DEPTHS];
	__u64 empty[TUNE_DEPTHS];
};

/* What became of a pool's buffers; by its address. */
struct tune_pool {
	char name[TUNE_POOL_NAME];
	__u32 size;
	__u64 misses;
	__u64 waited_ns; /* from misses until there was a buffer, or none was to be had */
	__u64 waited_most;
	__u64 no_memory; /* of misses */
	__u64 again; /* of misses: the caller made a buffer, and there had been one that was given back */
	__u64 made;
	__u64 remade; /* of those made, after one had been given back */
	__u64 gap_most; /* the longest time from giving one back to making the next */
	__u64 away; /* given back, and not made again */
	__u64 shrunk; /* when one was given back last */
};

/* A process that hosts callback objects. */
struct tune_server {
	char comm[QTEE_COMM_SIZE];
	__u64 received;
	__u64 behind; /* of those, the thread that took it was busy with another when it was queued */
	__u64 behind_ns; /* and they lay in the queue for so long */
	__u64 behind_most;
	struct tune_level busy; /* threads that have a request */
};

/* A process whose messages are large. */
struct tune_copier {
	char comm[QTEE_COMM_SIZE];
	__u64 calls;
	__u64 bytes;
};

struct tune_totals {
	__u64 invocations; /* RELEASE not among them, for which the driver keeps a pair */
	__u64 callbacks;
	__u64 largest; /* message */
	__u64 outbound_largest; /* callback request */
	__u64 busy; /* answers */
	__u64 busy_fewest; /* the fewest calls in QTEE, this one among them, at one of those; 0: none */
	__u64 maps; /* dma-bufs that became memory objects */
	__u64 maps_again; /* of those, memory that had been one */
	__u64 maps_gap_most; /* the longest time from unmapping to mapping again */
	struct tune_level at_once; /* invocations */
	struct tune_level in_qtee; /* calls */
	struct tune_level requests; /* callbacks that servers have, or will */
	struct tune_level classes[TUNE_CLASSES]; /* invocations with a message for that class */
	__u64 units[TUNE_UNITS]; /* messages by size: [i] has those of more than i units and up to i + 1 */
};

#endif /* QTEE_TUNE_H */
