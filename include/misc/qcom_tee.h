/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * User API of the qtee driver: object invocation in Qualcomm's Trusted Execution Environment.
 *
 * /dev/qtee       INVOKE the root object; an object's own fd takes INVOKE as well. ALLOC memory for sharing.
 * /dev/qtee-ree   each open is a server of callback objects: RECEIVE requests, REPLY to them.
 *
 * Every ioctl takes a struct qcom_tee_ioctl_data whose buffer holds one header and the parameters that follow it.
 * Layouts are the same for 32- and 64-bit callers and never change. An address of a 32-bit caller has an upper half of
 * zeros, so a pointer gets there by way of uintptr_t: extended by sign it is another address, and the call fails with
 * EFAULT.
 */
#ifndef _MISC_QCOM_TEE_H
#define _MISC_QCOM_TEE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Most parameters that one invocation can have: 15 each of input and output buffers, input and output objects. */
#define QCOM_TEE_PARAMS_PER_KIND	15
#define QCOM_TEE_PARAMS_MAX		(4 * QCOM_TEE_PARAMS_PER_KIND)

/* Operations that belong to the transport. Neither can be invoked; RELEASE is what a server sees of a notification. */
#define QCOM_TEE_OP_RELEASE		0xFFFF
#define QCOM_TEE_OP_RETAIN		0xFFFE

/**
 * enum qcom_tee_param_attr - what a parameter is
 * @QCOM_TEE_BUFFER: memory of the caller: addr and len
 * @QCOM_TEE_BUFFER_PLACED: INVOKE: memory in a message buffer of the caller's: placed. Nothing is copied
 * @QCOM_TEE_OBJECT_NULL: no object
 * @QCOM_TEE_OBJECT: an object: id and host_id
 *
 * An output object is asked for with either object attribute, and comes back as the one that fits.
 */
enum qcom_tee_param_attr {
	QCOM_TEE_BUFFER		= 0x00,
	QCOM_TEE_BUFFER_PLACED	= 0x01,
	QCOM_TEE_OBJECT_NULL	= 0x80,
	QCOM_TEE_OBJECT		= 0x81,
};

/*
 * Who hosts an object. From 0 up, host_id is the fd of a /dev/qtee-ree server of the caller's, and id is the number
 * by which that server knows the object.
 */
#define QCOM_TEE_OBJECT_SECURE		(-1)	/* QTEE does; id is the fd of a TEE object */
#define QCOM_TEE_MEMORY_OBJECT		(-2)	/* the kernel does; id is the fd of a dma-buf */

/* For ALLOC: no object, but a message buffer, whose fd placed parameters name. */
#define QCOM_TEE_MESSAGE_BUFFER		(-3)

/**
 * struct qcom_tee_param - one parameter of an invocation, 24 bytes
 * @attr: enum qcom_tee_param_attr
 * @direction: non-zero for input, as the operation sees it: an invoker's input is a server's input
 * @object: with either object attribute
 * @buffer: with QCOM_TEE_BUFFER; addr is a user address, len is in bytes; for an output, len comes back as what was
 *          written, which is never more than was offered. What QTEE says it wrote and did not is zero, or what this
 *          program passed before
 * @placed: with QCOM_TEE_BUFFER_PLACED; fd is that of a message buffer, the same in all parameters; offset is from the
 *          start of its mapping, a multiple of 8; len as with @buffer. No two may overlap. While the call lasts inputs
 *          should stay as they are, and outputs are QTEE's; only what this caller sees depends on that
 */
struct qcom_tee_param {
	__u32 attr;
	__u32 direction;
	union {
		struct {
			__u64 id;
			__s32 host_id;
		} object;
		struct {
			__u64 addr;
			__u64 len;
		} buffer;
		struct {
			__s32 fd;
			__u32 offset;
			__u64 len;
		} placed;
	};
};

#define QCOM_TEE_PARAM_OBJECT_SECURE(p) \
	((p)->attr == QCOM_TEE_OBJECT && (p)->object.host_id == QCOM_TEE_OBJECT_SECURE)
#define QCOM_TEE_PARAM_OBJECT_KERNEL(p) \
	((p)->attr == QCOM_TEE_OBJECT && (p)->object.host_id < QCOM_TEE_OBJECT_SECURE)
#define QCOM_TEE_PARAM_OBJECT_USER(p) \
	((p)->attr == QCOM_TEE_OBJECT && (p)->object.host_id > QCOM_TEE_OBJECT_SECURE)

/**
 * struct qcom_tee_object_invoke_arg - what INVOKE takes
 * @op: operation, 0 to 0xFFFD
 * @result: out: what QTEE or the object answered; 0 is success. Outputs are there only then.
 * @num_params: how many @params follow, in any order of kinds
 * @params: the parameters
 */
struct qcom_tee_object_invoke_arg {
	__u32 op;
	__s32 result;
	__u32 num_params;
	__u32:32;
	struct qcom_tee_param params[];
};

/**
 * struct qcom_tee_cb_arg - what RECEIVE gives and REPLY takes
 * @id: RECEIVE: out: the server's number for the object that is called
 * @request_id: RECEIVE: out: names the request; 0 is a notification, which takes no answer. REPLY: in
 * @op: RECEIVE: out: operation; QCOM_TEE_OP_RELEASE in a notification says that QTEE let the object go
 * @result: REPLY: in: the object's answer; 0 is success
 * @num_params: RECEIVE: in: how many @params there is room for; out: how many the request has. REPLY: in: the same
 * @params: RECEIVE: out: input buffers lie behind the params, 8-aligned, in the same user buffer; output buffers have
 *          addr 0 and the most that QTEE takes as len. REPLY: in: the same parameters in the same order, with addr
 *          and len of each output buffer, and each output object, filled in; inputs are not looked at again
 */
struct qcom_tee_cb_arg {
	__u64 id;
	__u32 request_id;
	__u32 op;
	__s32 result;
	__u32 num_params;
	struct qcom_tee_param params[];
};

/**
 * struct qcom_tee_ioctl_data - the argument of every ioctl
 * @buf_ptr: user address of a header and its parameters, 8-aligned
 * @buf_len: bytes there; for RECEIVE also the room for input buffers. When RECEIVE fails with ENOSPC it comes back as
 *           the bytes that are needed, and the request waits for the next RECEIVE.
 */
struct qcom_tee_ioctl_data {
	__u64 buf_ptr;
	__u64 buf_len;
};

#define QCOM_TEE_IOC_MAGIC	'Q'

/**
 * QCOM_TEE_IOCTL_INVOKE - invoke an object
 *
 * On /dev/qtee: the root object. On an object's fd: that object. Takes a struct qcom_tee_object_invoke_arg.
 *
 * Return: 0 when QTEE answered (see result), else -1 and
 *   EINVAL   a header, a parameter, an op or a combination that is not allowed
 *   E2BIG    more than 15 parameters of a kind
 *   EMSGSIZE more bytes than a message can hold; beside placed parameters all others have a page in all
 *   EBUSY    another invocation is in the message buffer
 *   EOPNOTSUPP a memory object whose memory is not in one piece
 *   EBADF    an fd that is not open, or not of the kind that the parameter says
 *   EFAULT   memory that can't be read or written
 *   EAGAIN   QTEE did not see the message, being busy, or there was no buffer for it; the call can be made again
 *   EIO      QTEE refused the message unseen, and would again
 *   EINTR    the caller is being killed
 *   ENODEV   QTEE saw the message, and its answer can't be used; or it has the message buffer for good
 *   ENOMEM   out of memory
 *   EMFILE   the caller can have no more fds
 * EFAULT, ENOMEM and EMFILE may also come when QTEE has done its work, but what came out can't be handed over: it is
 * released.
 */
#define QCOM_TEE_IOCTL_INVOKE	_IOWR(QCOM_TEE_IOC_MAGIC, 0, struct qcom_tee_ioctl_data)

/**
 * QCOM_TEE_IOCTL_RECEIVE - wait for a request to one of this server's objects
 *
 * On /dev/qtee-ree. Takes a struct qcom_tee_cb_arg with room for parameters and input buffers behind it.
 *
 * Return: 0 with a request, else -1 and
 *   EINTR    a signal came
 *   ENOSPC   the buffer or num_params is too small; buf_len and num_params say what is needed
 *   EAGAIN   there is none, and the fd does not block
 *   EINVAL, EBADF, EFAULT, ENOMEM, EMFILE as INVOKE; the request waits for the next RECEIVE
 */
#define QCOM_TEE_IOCTL_RECEIVE	_IOWR(QCOM_TEE_IOC_MAGIC, 1, struct qcom_tee_ioctl_data)

/**
 * QCOM_TEE_IOCTL_REPLY - answer a request
 *
 * On /dev/qtee-ree, any thread, any order. Takes a struct qcom_tee_cb_arg.
 *
 * Return: 0 when the answer was taken, else -1 and
 *   ENOENT   no such request: answered before, timed out, or its invoker is gone
 *   EINVAL   parameters that are not those of the request; the request still waits for its answer
 *   EINTR    a signal came; the request still waits for its answer
 *   E2BIG, EBADF, EFAULT, EOPNOTSUPP, ENOMEM as INVOKE; the request still waits for its answer
 */
#define QCOM_TEE_IOCTL_REPLY	_IOWR(QCOM_TEE_IOC_MAGIC, 2, struct qcom_tee_ioctl_data)

/*
 * Extensions. They were not in the first version of this API; QCOM_TEE_IOCTL_VERSION says which of them there are, and
 * fails with ENOTTY where there are none.
 */

/* Bits of qcom_tee_version_arg.features. Bits, and numbers of ioctls, that are left out mean nothing. */
#define QCOM_TEE_FEATURE_REPLY_RECEIVE	(1U << 0)	/* QCOM_TEE_IOCTL_REPLY_RECEIVE */
#define QCOM_TEE_FEATURE_SERVER_TIMEOUT	(1U << 1)	/* QCOM_TEE_IOCTL_SERVER */
#define QCOM_TEE_FEATURE_ALLOC		(1U << 4)	/* QCOM_TEE_IOCTL_ALLOC of QCOM_TEE_MEMORY_OBJECT */
#define QCOM_TEE_FEATURE_MESSAGE_BUFFER	(1U << 5)	/* that of QCOM_TEE_MESSAGE_BUFFER, and placed parameters */

/**
 * struct qcom_tee_version_arg - what VERSION gives
 * @version: out: of this API; 1
 * @features: out: QCOM_TEE_FEATURE_*
 */
struct qcom_tee_version_arg {
	__u32 version;
	__u32 features;
};

/**
 * struct qcom_tee_reply_receive_arg - what REPLY_RECEIVE takes
 * @reply_ptr: user address of a struct qcom_tee_cb_arg to reply with
 * @reply_len: bytes there, or 0: there is nothing to reply. Comes back as 0 once the reply was taken, even when
 *             receiving fails afterwards
 * @receive_ptr: user address of a struct qcom_tee_cb_arg to receive into; may be the same
 * @receive_len: bytes there; comes back as what is needed on ENOSPC
 */
struct qcom_tee_reply_receive_arg {
	__u64 reply_ptr;
	__u64 reply_len;
	__u64 receive_ptr;
	__u64 receive_len;
};

/**
 * struct qcom_tee_server_arg - what SERVER takes
 * @timeout_ms: how long an invoker waits for this server to answer a request, in ms, counted from when it is queued;
 *              0, as it is at first: until somebody dies. QTEE is told TIMEOUT (-103) then, and REPLY fails with ENOENT
 * @reserved: 0
 */
struct qcom_tee_server_arg {
	__u32 timeout_ms;
	__u32 reserved;
};

/**
 * QCOM_TEE_IOCTL_VERSION - what this driver can do
 *
 * On /dev/qtee and /dev/qtee-ree. Takes a struct qcom_tee_version_arg.
 *
 * Return: 0, else -1 and EINVAL (buf_len is smaller than the struct) or EFAULT.
 */
#define QCOM_TEE_IOCTL_VERSION	_IOWR(QCOM_TEE_IOC_MAGIC, 3, struct qcom_tee_ioctl_data)

/**
 * QCOM_TEE_IOCTL_REPLY_RECEIVE - REPLY, and then RECEIVE, in one call
 *
 * On /dev/qtee-ree. Takes a struct qcom_tee_reply_receive_arg.
 *
 * Return: as REPLY when it fails, and then nothing is received; else as RECEIVE.
 */
#define QCOM_TEE_IOCTL_REPLY_RECEIVE	_IOWR(QCOM_TEE_IOC_MAGIC, 4, struct qcom_tee_ioctl_data)

/**
 * QCOM_TEE_IOCTL_SERVER - settings of a server
 *
 * On /dev/qtee-ree. Takes a struct qcom_tee_server_arg. Holds for requests that come from then on.
 *
 * Return: 0, else -1 and EINVAL or EFAULT.
 */
#define QCOM_TEE_IOCTL_SERVER	_IOWR(QCOM_TEE_IOC_MAGIC, 5, struct qcom_tee_ioctl_data)

/* QTEE may only read the memory; what the caller may do is in fd_flags. */
#define QCOM_TEE_ALLOC_READ_ONLY	(1U << 0)

/**
 * struct qcom_tee_alloc_arg - what ALLOC takes
 * @size: in: bytes; out: the same, rounded up to whole pages
 * @host_id: in: what is wanted: QCOM_TEE_MEMORY_OBJECT or QCOM_TEE_MESSAGE_BUFFER
 * @flags: in: QCOM_TEE_ALLOC_*; 0 for a message buffer
 * @fd_flags: in: O_RDONLY or O_RDWR, and O_CLOEXEC. With O_RDONLY the memory can be mapped for reading only, by the
 *            caller and by QTEE; a message buffer needs O_RDWR
 * @fd: out: of a memory object, a dma-buf of contiguous, cleared memory. It can be mapped (shared, cached), passed to
 *      QTEE as a memory object, attached by other devices, and sent to other processes. Its size never changes.
 *      Of a message buffer, a file that can be mapped (shared), and named by placed parameters of one invocation at a
 *      time. It has size bytes, 4 MiB less a page at most
 */
struct qcom_tee_alloc_arg {
	__u64 size;
	__s32 host_id;
	__u32 flags;
	__u32 fd_flags;
	__s32 fd;
};

/**
 * QCOM_TEE_IOCTL_ALLOC - memory that QTEE can see: to be mapped by it, or to invoke in
 *
 * On /dev/qtee. Takes a struct qcom_tee_alloc_arg. More than some MiB come from the kernel's CMA area, where it has
 * one.
 *
 * Return: 0, else -1 and
 *   EINVAL      buf_len is smaller than the struct, no bytes, too many for a message, or flags that there are not
 *   EOPNOTSUPP  no object of that kind can be made
 *   ENOMEM      there is no contiguous memory of that size now
 *   EAGAIN      QTEE is too busy to be told of it; the call can be made again
 *   EDQUOT      the driver's limit for all such memory is reached
 *   EIO, EACCES QTEE does not take the memory
 *   EMFILE, EFAULT
 */
#define QCOM_TEE_IOCTL_ALLOC	_IOWR(QCOM_TEE_IOC_MAGIC, 8, struct qcom_tee_ioctl_data)

#endif /* _MISC_QCOM_TEE_H */
