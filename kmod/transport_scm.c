// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own calls: qcom_scm does the SMC, with its lock, its wait queues and its retries.
 *
 * qcom_scm gives up after some 0.7 s of EBUSY; it did not reach QTEE then.
 */
#include <linux/errno.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/kernel.h>

#include "compat.h"
#include "stats.h"
#include "transport.h"
#include "../tracepoints/trace.h"

#ifdef QTEE_HAVE_SCM_QTEE

static int qtee_transport_scm_errno(int ret)
{
	if (ret != -EBUSY)
		return ret;
	qtee_stat_inc(QTEE_STAT_BUSY_RETRIES);
	return -EAGAIN;
}

/* What becomes of re-entries and pauses in between, qcom_scm's own trace events tell. */
static void qtee_transport_scm_trace(enum qtee_trace_smc kind, int ret, struct qtee_response *response)
{
	enum qtee_trace_answer answer = QTEE_TRACE_FINAL;

	if (ret)
		answer = ret == -EAGAIN ? QTEE_TRACE_BUSY : QTEE_TRACE_REFUSED;
	else if (response->type == QTEE_RESPONSE_CALLBACK)
		answer = QTEE_TRACE_CALLBACK;
	qtee_trace_exit(&response->trace, QTEE_TRANSPORT_SCM, kind, answer, response->type, response->result, ret);
}

static __always_inline int qtee_transport_scm_invoke_run(phys_addr_t in, size_t in_size, phys_addr_t out,
							 size_t out_size, struct qtee_response *response)
{
	return qtee_transport_scm_errno(qcom_scm_qtee_invoke_smc(in, in_size, out, out_size, &response->result,
								 &response->type));
}

static noinline int qtee_transport_scm_invoke_traced(phys_addr_t in, size_t in_size, phys_addr_t out, size_t out_size,
						     struct qtee_response *response)
{
	int ret;

	qtee_trace_enter(&response->trace, QTEE_TRANSPORT_SCM, QTEE_TRACE_INVOKE);
	ret = qtee_transport_scm_invoke_run(in, in_size, out, out_size, response);
	qtee_transport_scm_trace(QTEE_TRACE_INVOKE, ret, response);
	return ret;
}

/* What trace events need lives across the SMC, so it has a function of its own, and this one nothing of it. */
static int qtee_transport_scm_invoke(phys_addr_t in, size_t in_size, phys_addr_t out, size_t out_size,
				     struct qtee_response *response)
{
	if (qtee_trace_on())
		return qtee_transport_scm_invoke_traced(in, in_size, out, out_size, response);
	return qtee_transport_scm_invoke_run(in, in_size, out, out_size, response);
}

static int qtee_transport_scm_respond(phys_addr_t out, size_t out_size, struct qtee_response *response)
{
	int ret;

	if (qtee_trace_on())
		qtee_trace_enter(&response->trace, QTEE_TRANSPORT_SCM, QTEE_TRACE_RESPOND);
	ret = qtee_transport_scm_errno(qcom_scm_qtee_callback_response(out, out_size, &response->result,
								       &response->type));
	if (qtee_trace_on())
		qtee_transport_scm_trace(QTEE_TRACE_RESPOND, ret, response);
	return ret;
}

const struct qtee_transport qtee_transport_scm = {
	.name = "scm",
	.invoke = qtee_transport_scm_invoke,
	.respond = qtee_transport_scm_respond,
};

#endif /* QTEE_HAVE_SCM_QTEE */
