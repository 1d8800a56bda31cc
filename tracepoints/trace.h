/* SPDX-License-Identifier: GPL-2.0-only */
/* What those who emit trace events need beside the events themselves. */
#ifndef _QTEE_TRACE_H
#define _QTEE_TRACE_H

#include <linux/jump_label.h>
#include <linux/types.h>

#include "invocation.h"
#include "qtee_events.h"

struct qtee_args;

/* Some event that has an invocation is on. */
DECLARE_STATIC_KEY_FALSE(qtee_trace_key);

/*
 * Inside the core: whether some event that has an invocation is on. If not, it is a NOP. What events need is kept
 * behind it, in functions of its own, so that nothing else of them is left on the way of an invocation.
 */
static __always_inline bool qtee_trace_on(void)
{
	return static_branch_unlikely(&qtee_trace_key);
}

void qtee_trace_begin(struct qtee_trace_invocation *trace, u32 object, u32 op, const struct qtee_args *args);
void qtee_trace_end(struct qtee_trace_invocation *trace, u32 object, u32 op, s32 result, int error,
		    const struct qtee_args *args);
void qtee_trace_enter(struct qtee_trace_invocation *trace, u32 transport, enum qtee_trace_smc kind);
void qtee_trace_exit(struct qtee_trace_invocation *trace, u32 transport, enum qtee_trace_smc kind,
		     enum qtee_trace_answer answer, u32 type, s32 result, int error);
void qtee_trace_callback_begin(struct qtee_trace_invocation *trace);
void qtee_trace_callback_end(struct qtee_trace_invocation *trace);

u64 qtee_trace_invocation(const struct qtee_args *args);

#endif /* _QTEE_TRACE_H */
