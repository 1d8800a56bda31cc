/* SPDX-License-Identifier: GPL-2.0-only */
/* Transports: how a message gets to QTEE. */
#ifndef _QTEE_TRANSPORT_H
#define _QTEE_TRANSPORT_H

#include <linux/types.h>

#include "../tracepoints/invocation.h"

/* Answer of QTEE that is a callback request; every other one is final. */
#define QTEE_RESPONSE_CALLBACK	3

/**
 * enum qtee_transport_id - transports, as trace events name them
 * @QTEE_TRANSPORT_SCM: qcom_scm's calls
 * @QTEE_TRANSPORT_SMC: our own, one at a time
 * @QTEE_TRANSPORT_DIRECT: our own, several at once
 */
enum qtee_transport_id {
	QTEE_TRANSPORT_SCM,
	QTEE_TRANSPORT_SMC,
	QTEE_TRANSPORT_DIRECT,
};

/**
 * struct qtee_response - what an SMC came back with
 * @type: QTEE_RESPONSE_CALLBACK, or final
 * @result: of a final answer: the result code
 * @status: the transport's own
 * @session: the transport's own
 * @sent: the transport's own
 * @trace: what trace events know of the invocation; of no interest while they are off
 */
struct qtee_response {
	u64 type;
	u64 result;
	u64 status;
	u64 session;
	u64 sent[4];
	struct qtee_trace_invocation trace;
};

/**
 * struct qtee_transport - one way to QTEE
 * @name: as the parameter transport= has it
 * @init: gets it ready, when it is chosen; optional
 * @invoke: sends the message at @in, with the outbound buffer @out
 * @respond: sends the answer to the callback request at @out
 *
 * Both return 0 when QTEE took the message; -EAGAIN when it was too busy and did not see it; another errno when it
 * refused it. Both may sleep, and may be called on any CPU, by as many threads as there are.
 */
struct qtee_transport {
	const char *name;
	void (*init)(void);
	int (*invoke)(phys_addr_t in, size_t in_size, phys_addr_t out, size_t out_size, struct qtee_response *response);
	int (*respond)(phys_addr_t out, size_t out_size, struct qtee_response *response);
};

extern const struct qtee_transport *qtee_transport;

#ifdef QTEE_HAVE_SCM_QTEE
extern const struct qtee_transport qtee_transport_scm;
#endif
extern const struct qtee_transport qtee_transport_smc;
extern const struct qtee_transport qtee_transport_direct;

int qtee_transport_init(void);

#endif /* _QTEE_TRANSPORT_H */
