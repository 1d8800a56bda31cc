/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Polling: who waits for another thread looks for a while before it sleeps.
 *
 * A callback to a server is two threads that wait for each other in turn. Where each has a CPU, a wake-up costs several
 * times what they do: the other CPU has to come out of its idle state, and to switch. How long it is worth to poll is
 * guessed from how long the last sleep was, so that a server that is seldom called, or slow, costs nothing.
 */
#ifndef _QTEE_POLL_H
#define _QTEE_POLL_H

#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>

#include "../../shmbridge/tuning.h"

/* For how long to poll, in us, by what was learned; 0: not at all. Any context. */
static inline u32 qtee_poll_us(const u32 *learned)
{
	return min(READ_ONCE(*learned), qtee_tuning(callback_poll_us));
}

/* Looks between one time that the clock is read and the next. */
#define QTEE_POLL_LOOKS	64

/*
 * Polls until @us after @since, while nobody else wants the CPU and no signal is there. Returns whether it is @done.
 * Process context; the caller sleeps next if not.
 */
static __always_inline bool qtee_poll(u64 since, u32 us, bool (*done)(const void *of), const void *of)
{
	u64 end = since + (u64)us * NSEC_PER_USEC;
	unsigned int looks;

	do {
		for (looks = 0; looks < QTEE_POLL_LOOKS; looks++) {
			if (done(of))
				return true;
			if (!single_task_running() || need_resched() || signal_pending(current))
				return false;
			cpu_relax();
		}
	} while (ktime_get_ns() < end);
	return done(of);
}

void qtee_poll_learn(u32 *learned, u64 since);

#endif /* _QTEE_POLL_H */
