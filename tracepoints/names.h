/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of what trace events record as numbers, as perf, trace-cmd and the trace file print them. */
#ifndef _QTEE_TRACE_NAMES_H
#define _QTEE_TRACE_NAMES_H

/* An operation of any object: those of the transport have names. */
#define show_qtee_own_op(op) \
	__print_symbolic(op, { 0xffff, "RELEASE" }, { 0xfffe, "RETAIN" })

/*
 * The same where the object is known. Only those of the transport, of the root object (id 1) and of the primordial
 * object (id 0x80000000) have names: every other object has operations of its own, which print as numbers.
 */
#define show_qtee_op(object, op) \
	((object) == 0x1 ? __print_symbolic(op, \
		{ 0, "open" }, \
		{ 1, "registerLegacy" }, \
		{ 2, "registerAsClient" }, \
		{ 3, "registerWithWhitelist" }, \
		{ 4, "notifyDomainChange" }, \
		{ 5, "registerWithCredentials" }, \
		{ 6, "loadCmnlibFromBuffer" }, \
		{ 7, "configTaRegion" }, \
		{ 8, "adciAccept" }, \
		{ 9, "adciShutdown" }) : \
	 (object) == 0x80000000 ? __print_symbolic(op, \
		{ 0, "MAP_REGION" }, \
		{ 1, "YIELD" }, \
		{ 2, "SLEEP" }) : \
	 show_qtee_own_op(op))

/* A result: the transport's own codes. Positive ones from 10 up are the object's, and print as numbers. */
#define show_qtee_result(result) \
	__print_symbolic(result, \
		{ 0, "OK" }, \
		{ 1, "ERROR" }, \
		{ 2, "INVALID" }, \
		{ 3, "SIZE_IN" }, \
		{ 4, "SIZE_OUT" }, \
		{ 5, "MEM" }, \
		{ -90, "DEFUNCT" }, \
		{ -91, "ABORT" }, \
		{ -92, "BADOBJ" }, \
		{ -93, "NOSLOTS" }, \
		{ -94, "MAXARGS" }, \
		{ -95, "MAXDATA" }, \
		{ -96, "UNAVAIL" }, \
		{ -97, "KMEM" }, \
		{ -98, "REMOTE" }, \
		{ -99, "BUSY" }, \
		{ -100, "AUTH" }, \
		{ -101, "REPLAY" }, \
		{ -102, "MAXREPLAY" }, \
		{ -103, "TIMEOUT" })

/* An errno of the driver's, or 0. */
#define show_qtee_error(error) \
	__print_symbolic(error, \
		{ 0, "none" }, \
		{ -EPERM, "EPERM" }, \
		{ -ENOENT, "ENOENT" }, \
		{ -EINTR, "EINTR" }, \
		{ -EIO, "EIO" }, \
		{ -E2BIG, "E2BIG" }, \
		{ -EBADF, "EBADF" }, \
		{ -EAGAIN, "EAGAIN" }, \
		{ -ENOMEM, "ENOMEM" }, \
		{ -EFAULT, "EFAULT" }, \
		{ -EBUSY, "EBUSY" }, \
		{ -ENODEV, "ENODEV" }, \
		{ -EINVAL, "EINVAL" }, \
		{ -ENOSPC, "ENOSPC" }, \
		{ -EBADMSG, "EBADMSG" }, \
		{ -EMSGSIZE, "EMSGSIZE" }, \
		{ -EOPNOTSUPP, "EOPNOTSUPP" }, \
		{ -ETIMEDOUT, "ETIMEDOUT" })

/* enum qtee_trace_smc */
#define show_qtee_smc(kind) \
	__print_symbolic(kind, { 0, "invoke" }, { 1, "respond" }, { 2, "reenter" }, { 3, "resume" })

/* enum qtee_transport_id */
#define show_qtee_transport(transport) \
	__print_symbolic(transport, { 0, "scm" }, { 1, "smc" }, { 2, "direct" })

/* enum qtee_trace_answer */
#define show_qtee_answer(answer) \
	__print_symbolic(answer, { 0, "final" }, { 1, "callback" }, { 2, "interrupted" }, { 3, "sleep" }, \
			 { 4, "busy" }, { 5, "refused" })

/* enum qtee_trace_fate */
#define show_qtee_fate(fate) \
	__print_symbolic(fate, { 0, "released" }, { 1, "unsent" }, { 2, "failed" }, { 3, "dropped" })

/* QTEE_PERM_* */
#define show_qtee_perms(perms) \
	__print_flags(perms, "|", { 0x4, "read" }, { 0x2, "write" })

#endif /* _QTEE_TRACE_NAMES_H */
