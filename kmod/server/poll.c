// SPDX-License-Identifier: GPL-2.0-only
/* Polling: how long it is worth. */
#include "poll.h"

/* Less is not worth beginning with: a sleep and a wake-up take some microseconds themselves. */
#define QTEE_POLL_LEAST_US	4U

/*
 * Learns from a wait that began at @since and ended with a sleep. One that was shorter than polling may be is polled
 * for the next time. One that was longer halves that: a slow answer among quick ones changes little, and with slow ones
 * alone there soon is no polling.
 *
 * Context: any. Threads of a server may learn at once; what one of them has learned is lost then, and nothing else.
 */
void qtee_poll_learn(u32 *learned, u64 since)
{
	u32 most = qtee_tuning(callback_poll_us);
	u32 us = most;

	if (ktime_get_ns() - since > (u64)most * NSEC_PER_USEC)
		us = min(READ_ONCE(*learned), most) / 2;
	WRITE_ONCE(*learned, us < QTEE_POLL_LEAST_US ? 0 : us);
}
