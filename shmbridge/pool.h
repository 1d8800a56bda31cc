/* SPDX-License-Identifier: GPL-2.0-only */
/* The pool: memory of tzmem, from which all message buffers come. */
#ifndef _QTEE_POOL_H
#define _QTEE_POOL_H

#include "message.h"

int qtee_pool_alloc(struct qtee_buffer *buffer, size_t size);
void qtee_pool_free(struct qtee_buffer *buffer);
int qtee_pool_init(void);
void qtee_pool_exit(void);

#endif /* _QTEE_POOL_H */
