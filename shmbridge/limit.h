/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits of memory that many share. */
#ifndef _QTEE_LIMIT_H
#define _QTEE_LIMIT_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * qtee_limit_take() - account for memory, unless there would be too much of it
 * @total: bytes of all; whoever gives some back subtracts it
 * @size: bytes
 * @max: most that @total may be, below 2^62
 *
 * What is refused was never in @total, so nobody else is refused for it.
 *
 * Return: whether it was taken.
 * Context: any.
 */
static inline bool qtee_limit_take(atomic_long_t *total, u64 size, u64 max)
{
	long old = atomic_long_read(total);

	do {
		if (size > max || old > (long)(max - size))
			return false;
	} while (!atomic_long_try_cmpxchg(total, &old, old + (long)size));
	return true;
}

#endif /* _QTEE_LIMIT_H */
