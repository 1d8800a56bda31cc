/* SPDX-License-Identifier: GPL-2.0-only */
/* A message buffer of a user, as an invocation takes and leaves it. */
#ifndef _QTEE_USER_BUFFER_H
#define _QTEE_USER_BUFFER_H

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/qtee.h>

#include "../../shmbridge/bridge.h"

/**
 * struct qtee_user_buffer - a message buffer of a user
 * @buffer: its memory; the first page is the kernel's
 * @bridge: over all of it
 * @busy: bit 0: an invocation is in it
 * @lost: QTEE may write to it for ever, so its pages stay
 *
 * Locking: @busy is an atomic bit, and who has set it owns the first page and @lost; all else is constant.
 * Invariant: the first page is zero while @busy is clear.
 */
struct qtee_user_buffer {
	struct qtee_buffer buffer;
	struct qtee_bridge bridge;
	unsigned long busy;
	bool lost;
};

extern const struct file_operations qtee_user_buffer_fops;

/*
 * Takes the buffer of a file, or of NULL, for an invocation. Returns it, for qtee_user_buffer_end(); ERR_PTR(-EBADF)
 * when it is not that; ERR_PTR(-EBUSY) when another invocation is in it; ERR_PTR(-ENODEV): QTEE has it for good.
 */
static __always_inline struct qtee_user_buffer *qtee_user_buffer_begin(const struct file *file,
								       struct qtee_context *context)
{
	struct qtee_user_buffer *buffer;

	if (unlikely(!file || file->f_op != &qtee_user_buffer_fops))
		return ERR_PTR(-EBADF);
	buffer = file->private_data;
	if (unlikely(test_and_set_bit_lock(0, &buffer->busy)))
		return ERR_PTR(-EBUSY);
	if (unlikely(buffer->lost)) {
		clear_bit_unlock(0, &buffer->busy);
		return ERR_PTR(-ENODEV);
	}
	qtee_context_use(context, &buffer->buffer);
	return buffer;
}

/* The invocation is over, but for the context's end, and returned that. Only with -ENODEV QTEE may have the buffer. */
static __always_inline void qtee_user_buffer_end(struct qtee_user_buffer *buffer, const struct qtee_context *context,
						 int ret)
{
	if (unlikely(ret == -ENODEV))
		buffer->lost = qtee_context_lost(context);
	clear_bit_unlock(0, &buffer->busy);
}

#endif /* _QTEE_USER_BUFFER_H */
