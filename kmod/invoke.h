/* SPDX-License-Identifier: GPL-2.0-only */
/* Invocation, inside the core. */
#ifndef _QTEE_INVOKE_H
#define _QTEE_INVOKE_H

#include <linux/qtee.h>

struct qtee_message;

/* invoke.c */
int qtee_invoke(struct qtee_context *context, u32 id, u32 op, struct qtee_args *args, s32 *result);
int qtee_invoke_object_take(const struct qtee_message *message, struct qtee_arg *arg);
int qtee_invoke_send(const struct qtee_message *message, struct qtee_object *object, u32 *id);
struct qtee_object *qtee_invoke_unsend(struct qtee_message *message, u32 id);

/* ahead.c */
void qtee_ahead_version_set(u32 version);
int qtee_ahead_send(struct qtee_message *message, struct qtee_arg *arg);

/* async.c */
void qtee_async_take(struct qtee_message *message, u32 at);

#endif /* _QTEE_INVOKE_H */
