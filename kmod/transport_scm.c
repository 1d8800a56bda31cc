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

#ifdef QTEE_HAVE_SCM_QTEE

static int qtee_transport_scm_errno(int ret)
{
	if (ret != -EBUSY)
		return ret;
	qtee_stat_inc(QTEE_STAT_BUSY_RETRIES);
	return -EAGAIN;
}

static int qtee_transport_scm_invoke(phys_addr_t in, size_t in_size, phys_addr_t out, size_t out_size,
				     struct qtee_response *response)
{
	return qtee_transport_scm_errno(qcom_scm_qtee_invoke_smc(in, in_size, out, out_size, &response->result,
								 &response->type));
}

static int qtee_transport_scm_respond(phys_addr_t out, size_t out_size, struct qtee_response *response)
{
	return qtee_transport_scm_errno(qcom_scm_qtee_callback_response(out, out_size, &response->result,
									&response->type));
}

const struct qtee_transport qtee_transport_scm = {
	.name = "scm",
	.invoke = qtee_transport_scm_invoke,
	.respond = qtee_transport_scm_respond,
};

#endif /* QTEE_HAVE_SCM_QTEE */
