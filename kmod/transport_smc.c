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
#include <linux/arm-smccc.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/semaphore.h>
#include <linux/string.h>

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

/**
 * struct qtee_smc_gate - how calls take turns
 * @enter: waits until one more may be in QTEE
 * @leave: lets the next one in
 */
struct qtee_smc_gate {
	void (*enter)(void);
	void (*leave)(void);
};

static void qtee_smc_lock_enter(void)
{
	mutex_lock(&qtee_smc_lock);
}

static void qtee_smc_lock_leave(void)
{
	mutex_unlock(&qtee_smc_lock);
}

static void qtee_smc_contexts_enter(void)
{
	if (qtee_tuning(contexts))
		down(&qtee_smc_contexts);
}

static void qtee_smc_contexts_leave(void)
{
	if (qtee_tuning(contexts))
		up(&qtee_smc_contexts);
}

static const struct qtee_smc_gate qtee_smc_one = { qtee_smc_lock_enter, qtee_smc_lock_leave };
static const struct qtee_smc_gate qtee_smc_many = { qtee_smc_contexts_enter, qtee_smc_contexts_leave };

/* That of the transport that was chosen, for good. */
static const struct qtee_smc_gate *qtee_smc_gate;

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

static u32 qtee_smc_transport(void)
{
	return qtee_smc_gate == &qtee_smc_one ? QTEE_TRANSPORT_SMC : QTEE_TRANSPORT_DIRECT;
}

static noinline void qtee_smc_trace_enter(u64 function, struct qtee_response *response)
{
	qtee_trace_enter(&response->trace, qtee_smc_transport(), qtee_smc_kind(function));
}

static noinline void qtee_smc_trace_exit(u64 function, const struct arm_smccc_res *res,
					 struct qtee_response *response)
{
	enum qtee_trace_answer answer;
	int err = 0;

	switch (res->a0) {
	case 0:
		answer = res->a1 == QTEE_RESPONSE_CALLBACK ? QTEE_TRACE_CALLBACK : QTEE_TRACE_FINAL;
		break;
	case QTEE_SMC_INTERRUPTED:
		answer = QTEE_TRACE_INTERRUPTED;
		break;
	case QTEE_SMC_WAITQ_SLEEP:
		answer = QTEE_TRACE_SLEEP;
		break;
	default:
		err = qtee_smc_errno((int)res->a0);
		answer = err == -EBUSY ? QTEE_TRACE_BUSY : QTEE_TRACE_REFUSED;
	}
	qtee_trace_exit(&response->trace, qtee_smc_transport(), qtee_smc_kind(function), answer, res->a1, res->a2,
			err);
}

/* One call, until QTEE is done with it. */
static __always_inline void qtee_smc_call(const u64 *x, struct arm_smccc_res *res, struct qtee_response *response)
{
	u64 a[7] = { x[0], x[1], x[2], x[3], x[4], x[5], 0 };

	for (;;) {
		struct arm_smccc_quirk quirk = { .id = ARM_SMCCC_QUIRK_QCOM_A6 };

		quirk.state.a6 = 0;
		if (qtee_trace_on())
			qtee_smc_trace_enter(a[0], response);
		arm_smccc_smc_quirk(a[0], a[1], a[2], a[3], a[4], a[5], a[6], 0, res, &quirk);
		if (qtee_trace_on())
			qtee_smc_trace_exit(a[0], res, response);

		if (res->a0 == QTEE_SMC_INTERRUPTED) {
			a[0] = res->a0;
			a[6] = quirk.state.a6;
		} else if (res->a0 == QTEE_SMC_WAITQ_SLEEP) {
			usleep_range(QTEE_SMC_SLEEP_US, 2 * QTEE_SMC_SLEEP_US);
			a[0] = QTEE_SMC_WAITQ_RESUME;
			a[1] = QTEE_SMC_RESUME_ARGINFO;
			a[2] = res->a2;
			memset(&a[3], 0, sizeof(a) - 3 * sizeof(a[0]));
		} else {
			return;
		}
	}
}

static int qtee_smc(const u64 *x, struct qtee_response *response)
{
	struct arm_smccc_res res;
	unsigned int tries;
	int ret;

	for (tries = 0; ; tries++) {
		qtee_smc_gate->enter();
		qtee_smc_call(x, &res, response);
		qtee_smc_gate->leave();

		ret = qtee_smc_errno((int)res.a0);
		if (ret != -EBUSY)
			break;
		if (tries == QTEE_SMC_BUSY_TRIES)
			return -EAGAIN;
		qtee_stat_inc(QTEE_STAT_BUSY_RETRIES);
		msleep(QTEE_SMC_BUSY_MS);
	}

	response->type = res.a1;
	response->result = res.a2;
	return ret;
}

static int qtee_transport_smc_invoke(phys_addr_t in, size_t in_size, phys_addr_t out, size_t out_size,
				     struct qtee_response *response)
{
	const u64 x[] = { QTEE_SMC_INVOKE, QTEE_SMC_INVOKE_ARGINFO, in, in_size, out, out_size };

	return qtee_smc(x, response);
}

static int qtee_transport_smc_respond(phys_addr_t out, size_t out_size, struct qtee_response *response)
{
	const u64 x[] = { QTEE_SMC_CALLBACK_RESPONSE, QTEE_SMC_RESPONSE_ARGINFO, out, out_size, 0, 0 };

	return qtee_smc(x, response);
}

static void qtee_transport_smc_init(void)
{
	qtee_smc_gate = &qtee_smc_one;
}

const struct qtee_transport qtee_transport_smc = {
	.name = "smc",
	.init = qtee_transport_smc_init,
	.invoke = qtee_transport_smc_invoke,
	.respond = qtee_transport_smc_respond,
};

static void qtee_transport_direct_init(void)
{
	sema_init(&qtee_smc_contexts, qtee_tuning(contexts));
	qtee_smc_gate = &qtee_smc_many;
}

const struct qtee_transport qtee_transport_direct = {
	.name = "direct",
	.init = qtee_transport_direct_init,
	.invoke = qtee_transport_smc_invoke,
	.respond = qtee_transport_smc_respond,
};
