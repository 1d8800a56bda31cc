/* SPDX-License-Identifier: GPL-2.0-only */
/* errno to result code. */
#ifndef _QTEE_ERROR_H
#define _QTEE_ERROR_H

#include <linux/types.h>

s32 qtee_error_result(int err);

#endif /* _QTEE_ERROR_H */
