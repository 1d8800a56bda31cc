// SPDX-License-Identifier: GPL-2.0-only
/* errno to result code: what QTEE is told when a callback fails. */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/qtee.h>

static const struct {
	int err;
	s32 result;
} qtee_error_table[] = {
	{ -ENOMEM,	QTEE_RESULT_KMEM },
	{ -ENODEV,	QTEE_RESULT_DEFUNCT },
	{ -ENOENT,	QTEE_RESULT_BADOBJ },
	{ -ENOSPC,	QTEE_RESULT_BUSY },
	{ -EBUSY,	QTEE_RESULT_BUSY },
	{ -EBADF,	QTEE_RESULT_UNAVAIL },
	{ -EINVAL,	QTEE_RESULT_UNAVAIL },
	{ -EBADMSG,	QTEE_RESULT_UNAVAIL },
	{ -EOPNOTSUPP,	QTEE_RESULT_INVALID },
	{ -E2BIG,	QTEE_RESULT_MAXARGS },
	{ -EMSGSIZE,	QTEE_RESULT_MAXDATA },
	{ -ETIMEDOUT,	QTEE_RESULT_TIMEOUT },
};

/**
 * qtee_error_result() - what QTEE is told for an errno
 * @err: negative errno, or 0
 *
 * The first codes are what mainline's driver answers; a code that stands for several is the one that a TA can act on.
 *
 * Return: a result code, QTEE_RESULT_ERROR for what is not in the table.
 * Context: any.
 */
s32 qtee_error_result(int err)
{
	unsigned int i;

	if (!err)
		return QTEE_RESULT_OK;
	for (i = 0; i < ARRAY_SIZE(qtee_error_table); i++)
		if (qtee_error_table[i].err == err)
			return qtee_error_table[i].result;
	return QTEE_RESULT_ERROR;
}
EXPORT_SYMBOL_GPL(qtee_error_result);
