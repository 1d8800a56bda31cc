// SPDX-License-Identifier: GPL-2.0-only
/*
 * Our own SMCs, for kernels whose qcom_scm has no calls for QTEE.
 *
 * The calling convention is qcom_scm's: INTERRUPTED is re-entered at once with the session in x6; a call that QTEE
 * puts to sleep is resumed until it is awake; EBUSY is tried again after a pause. The wake-up interrupt belongs to
 * qcom_scm, which tells nobody else, so a sleeping call asks again after a pause instead.
 *
 * There are two transports here. "smc" lets one call at a time into QTEE, as qcom_scm does. "direct" lets in as many
 * as the parameter contexts says, for platforms whose QTEE takes them. Without a bound nothing is counted at all: no
 * more than there are CPUs can be in an SMC, and QTEE bounds those that it puts to sleep.
 *
 * Neither excludes qcom_scm's other calls; QTEE answers EBUSY where it can't take two.
 *
 * Locking: qtee_smc_lock, and qtee_smc_contexts, are held over one SMC with its re-entries and resumptions, never while
 * a callback is served. They nest in no lock, and none nests in them.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/semaphore.h>

#include "compat.h"
#include "stats.h"
#include "transport.h"
#include "../shmbridge/tuning.h"
#include "../tracepoints/trace.h"

#define QTEE_SMC_INVOKE			0x72000602
#define QTEE_SMC_CALLBACK_RESPONSE	0x72000601
#define QTEE_SMC_WAITQ_RESUME		0x42002402

/* Number of arguments, and bit 5 or 9: which of them are buffers that are written. */
#define QTEE_SMC_INVOKE_ARGINFO		0x224
#define QTEE_SMC_RESPONSE_ARGINFO	0x22
#define QTEE_SMC_RESUME_ARGINFO		0x1

#define QTEE_SMC_INTERRUPTED		1
#define QTEE_SMC_WAITQ_SLEEP		2

#define QTEE_SMC_BUSY_MS		30
#define QTEE_SMC_BUSY_TRIES		20
#define QTEE_SMC_SLEEP_US		200

static DEFINE_MUTEX(qtee_smc_lock);
static struct semaphore qtee_smc_contexts;

static const struct {
	int status;
	int err;
} qtee_smc_errors[] = {
	{ 0,	0 },
	{ -1,	-EIO },
	{ -2,	-EINVAL },
	{ -3,	-EINVAL },
	{ -4,	-EOPNOTSUPP },
	{ -5,	-ENOMEM },
	{ -12,	-EBUSY },
};

static int qtee_smc_errno(int status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(qtee_smc_errors); i++)
		if (qtee_smc_errors[i].status == status)
			return qtee_smc_errors[i].err;
	return -EINVAL;
}

/* How calls take turns: with @one one at a time, else as many as contexts says. */
static __always_inline void qtee_smc_enter(bool one)
{
	if (one)
		mutex_lock(&qtee_smc_lock);
	else if (unlikely(qtee_tuning(contexts)))
		down(&qtee_smc_contexts);
}

static __always_inline void qtee_smc_leave(bool one)
{
	if (one)
		mutex_unlock(&qtee_smc_lock);
	else if (unlikely(qtee_tuning(contexts)))
		up(&qtee_smc_contexts);
}

static enum qtee_trace_smc qtee_smc_kind(u64 function)
{
	switch (function) {
	case QTEE_SMC_INVOKE:
		return QTEE_TRACE_INVOKE;
	case QTEE_SMC_CALLBACK_RESPONSE:
		return QTEE_TRACE_RESPOND;
	case QTEE_SMC_INTERRUPTED:
		return QTEE_TRACE_REENTER;
	default:
		return QTEE_TRACE_RESUME;
	}
}

static u32 qtee_smc_transport(bool one)
{
	return one ? QTEE_TRANSPORT_SMC : QTEE_TRANSPORT_DIRECT;
}

/**
 * struct qtee_smc_call - registers x0 to x6 of a call
 * @x: the registers
 */
struct qtee_smc_call {
	u64 x[7];
};

/**
 * struct qtee_smc_answer - registers that QTEE answers in
 * @status: x0
 * @type: x1
 * @result: x2, or what sleeping calls are resumed by
 * @session: x6, of an interrupted call
 */
struct qtee_smc_answer {
	u64 status;
	u64 type;
	u64 result;
	u64 session;
};

/*
 * The SMC. Not arm_smccc_smc_quirk(), whose registers go by way of memory in both directions. x4 to x17 may come back
 * as anything, as in version 1.0 of the calling convention, but for x6, which is QTEE's.
 */
static __always_inline struct qtee_smc_answer qtee_smc_once(const struct qtee_smc_call *call)
{
	register u64 x0 asm("x0") = call->x[0];
	register u64 x1 asm("x1") = call->x[1];
	register u64 x2 asm("x2") = call->x[2];
	register u64 x3 asm("x3") = call->x[3];
	register u64 x4 asm("x4") = call->x[4];
	register u64 x5 asm("x5") = call->x[5];
	register u64 x6 asm("x6") = call->x[6];
	register u64 x7 asm("x7") = 0;

	asm volatile("smc #0"
		     : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3), "+r" (x4), "+r" (x5), "+r" (x6), "+r" (x7)
		     :
		     : "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "cc", "memory");
	return (struct qtee_smc_answer){ .status = x0, .type = x1, .result = x2, .session = x6 };
}

/* Whether QTEE wants to be entered again, and then with what: after an interrupt, or a sleep. May sleep. */
static bool qtee_smc_again(struct qtee_smc_call *call, const struct qtee_smc_answer *answer)
{
	switch (answer->status) {
	case QTEE_SMC_INTERRUPTED:
		call->x[0] = QTEE_SMC_INTERRUPTED;
		call->x[6] = answer->session;
		return true;
	case QTEE_SMC_WAITQ_SLEEP:
		usleep_range(QTEE_SMC_SLEEP_US, 2 * QTEE_SMC_SLEEP_US);
		*call = (struct qtee_smc_call){ { QTEE_SMC_WAITQ_RESUME, QTEE_SMC_RESUME_ARGINFO, answer->result } };
		return true;
	default:
		return false;
	}
}

static noinline void qtee_smc_trace_exit(bool one, u64 function, const struct qtee_smc_answer *answer,
					 struct qtee_response *response)
{
	enum qtee_trace_answer how;
	int err = 0;

	switch (answer->status) {
	case 0:
		how = answer->type == QTEE_RESPONSE_CALLBACK ? QTEE_TRACE_CALLBACK : QTEE_TRACE_FINAL;
		break;
	case QTEE_SMC_INTERRUPTED:
		how = QTEE_TRACE_INTERRUPTED;
		break;
	case QTEE_SMC_WAITQ_SLEEP:
		how = QTEE_TRACE_SLEEP;
		break;
	default:
		err = qtee_smc_errno((int)answer->status);
		how = err == -EBUSY ? QTEE_TRACE_BUSY : QTEE_TRACE_REFUSED;
	}
	qtee_trace_exit(&response->trace, qtee_smc_transport(one), qtee_smc_kind(function), how, answer->type,
			answer->result, err);
}

/* One call, until QTEE is done with it, told of in the trace. @call is used up. */
static noinline struct qtee_smc_answer qtee_smc_run(bool one, struct qtee_smc_call call,
						    struct qtee_response *response)
{
	struct qtee_smc_answer answer;

	do {
		if (qtee_trace_on())
			qtee_trace_enter(&response->trace, qtee_smc_transport(one), qtee_smc_kind(call.x[0]));
		answer = qtee_smc_once(&call);
		if (qtee_trace_on())
			qtee_smc_trace_exit(one, call.x[0], &answer, response);
	} while (qtee_smc_again(&call, &answer));
	return answer;
}

/* How a call stands: whether it takes turns with all others, and whether it has its turn, and an answer, already. */
#define QTEE_SMC_ONE		BIT(0)
#define QTEE_SMC_ENTERED	BIT(1)

static u32 qtee_smc_info(u32 function)
{
	return function == QTEE_SMC_INVOKE ? QTEE_SMC_INVOKE_ARGINFO : QTEE_SMC_RESPONSE_ARGINFO;
}

/*
 * A call with all that can become of it. With QTEE_SMC_ENTERED the first answer is in @response. Returns as transports
 * do. Nothing of it is on the stack of the call that just succeeds.
 */
static noinline int qtee_smc_whole(unsigned int how, u32 function, u64 a, u64 b, u64 c, u64 d,
				   struct qtee_response *response)
{
	const struct qtee_smc_call call = { { function, qtee_smc_info(function), a, b, c, d } };
	const bool one = how & QTEE_SMC_ONE;
	struct qtee_smc_answer answer;
	unsigned int tries;
	int ret;

	for (tries = 0; ; tries++) {
		if (how & QTEE_SMC_ENTERED) {
			struct qtee_smc_call again = call;

			answer = (struct qtee_smc_answer){ response->status, response->type, response->result,
							   response->session };
			if (qtee_smc_again(&again, &answer))
				answer = qtee_smc_run(one, again, response);
			how &= ~QTEE_SMC_ENTERED;
		} else {
			qtee_smc_enter(one);
			answer = qtee_smc_run(one, call, response);
		}
		qtee_smc_leave(one);

		ret = qtee_smc_errno((int)answer.status);
		if (ret != -EBUSY)
			break;
		if (tries == QTEE_SMC_BUSY_TRIES)
			return -EAGAIN;
		qtee_stat_inc(QTEE_STAT_BUSY_RETRIES);
		msleep(QTEE_SMC_BUSY_MS);
	}
	response->type = answer.type;
	response->result = answer.result;
	return ret;
}

/*
 * A call that just succeeds, as nearly all do; the rest is for qtee_smc_whole(). What that needs waits in memory: QTEE
 * may change the registers that it is in, and to keep it in others is to save those.
 */
static __always_inline int qtee_smc_try(bool traced, unsigned int how, u32 function, u32 info, u64 a, u64 b, u64 c,
					u64 d, struct qtee_response *response)
{
	const struct qtee_smc_call call = { { function, info, a, b, c, d } };
	const bool one = how & QTEE_SMC_ONE;
	u64 *sent = response->sent;
	struct qtee_smc_answer answer;

	if (!one && unlikely(qtee_tuning(contexts)))
		return qtee_smc_whole(how, function, a, b, c, d, response);
	if (one)
		qtee_smc_enter(one);
	sent[0] = a;
	sent[1] = b;
	sent[2] = c;
	sent[3] = d;
	if (traced)
		qtee_trace_enter(&response->trace, qtee_smc_transport(one), qtee_smc_kind(function));
	answer = qtee_smc_once(&call);
	if (traced)
		qtee_smc_trace_exit(one, function, &answer, response);
	response->type = answer.type;
	response->result = answer.result;
	if (likely(!answer.status)) {
		if (one)
			qtee_smc_leave(one);
		return 0;
	}
	response->status = answer.status;
	response->session = answer.session;
	return qtee_smc_whole(how | QTEE_SMC_ENTERED, function, sent[0], sent[1], sent[2], sent[3], response);
}

static noinline int qtee_smc_traced(unsigned int how, u32 function, u64 a, u64 b, u64 c, u64 d,
				    struct qtee_response *response)
{
	return qtee_smc_try(true, how, function, qtee_smc_info(function), a, b, c, d, response);
}

/* What trace events need has a function of its own, and the call without them nothing of it. */
static __always_inline int qtee_smc(unsigned int how, u32 function, u64 a, u64 b, u64 c, u64 d,
				    struct qtee_response *response)
{
	if (qtee_trace_on())
		return qtee_smc_traced(how, function, a, b, c, d, response);
	return qtee_smc_try(false, how, function, qtee_smc_info(function), a, b, c, d, response);
}

static __always_inline int qtee_smc_invoke(unsigned int how, phys_addr_t in, size_t in_size, phys_addr_t out,
					   size_t out_size, struct qtee_response *response)
{
	return qtee_smc(how, QTEE_SMC_INVOKE, in, in_size, out, out_size, response);
}

static __always_inline int qtee_smc_respond(unsigned int how, phys_addr_t out, size_t out_size,
					    struct qtee_response *response)
{
	return qtee_smc(how, QTEE_SMC_CALLBACK_RESPONSE, out, out_size, 0, 0, response);
}

static int qtee_transport_smc_invoke(phys_addr_t in, size_t in_size, phys_addr_t out, size_t out_size,
				     struct qtee_response *response)
{
	return qtee_smc_invoke(QTEE_SMC_ONE, in, in_size, out, out_size, response);
}

static int qtee_transport_smc_respond(phys_addr_t out, size_t out_size, struct qtee_response *response)
{
	return qtee_smc_respond(QTEE_SMC_ONE, out, out_size, response);
}

const struct qtee_transport qtee_transport_smc = {
	.name = "smc",
	.invoke = qtee_transport_smc_invoke,
	.respond = qtee_transport_smc_respond,
};

static void qtee_transport_direct_init(void)
{
	sema_init(&qtee_smc_contexts, qtee_tuning(contexts));
}

static int qtee_transport_direct_invoke(phys_addr_t in, size_t in_size, phys_addr_t out, size_t out_size,
					struct qtee_response *response)
{
	return qtee_smc_invoke(0, in, in_size, out, out_size, response);
}

static int qtee_transport_direct_respond(phys_addr_t out, size_t out_size, struct qtee_response *response)
{
	return qtee_smc_respond(0, out, out_size, response);
}

const struct qtee_transport qtee_transport_direct = {
	.name = "direct",
	.init = qtee_transport_direct_init,
	.invoke = qtee_transport_direct_invoke,
	.respond = qtee_transport_direct_respond,
};
