/* SPDX-License-Identifier: GPL-2.0-only */
/* Callbacks: requests of QTEE to our objects. */
#ifndef _QTEE_CALLBACK_H
#define _QTEE_CALLBACK_H

#include <linux/qtee.h>

struct qtee_message;

/**
 * struct qtee_callback - a callback that is being served
 * @object: the object that was called, with a reference; NULL when there was none or it is done with
 * @args: its arguments
 * @dispatched: the dispatcher returned 0, so that it is owed a notification
 * @error: why what it handed out was taken back before QTEE heard of it, or 0
 *
 * Locking: belongs to the invocation.
 */
struct qtee_callback {
	struct qtee_object *object;
	struct qtee_args args;
	bool dispatched;
	int error;
};

void qtee_callback_serve(struct qtee_message *message, struct qtee_callback *callback);
void qtee_callback_end(struct qtee_message *message, struct qtee_callback *callback, int status);

#endif /* _QTEE_CALLBACK_H */
