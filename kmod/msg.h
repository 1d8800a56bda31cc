/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wire format of messages: where things stand in them, and whether what QTEE wrote can be believed.
 *
 * Pure: it touches the bytes it is given and nothing else, and also builds on a PC, where it is tested and fuzzed.
 * The memory is shared with QTEE, which may write at any time: every word is read once, and the copy is checked.
 *
 * Source: protocol facts read from mainline's qcomtee_msg.h and async.c, and seen on the wire; see docs/protocol.md.
 */
#ifndef _QTEE_MSG_H
#define _QTEE_MSG_H

#ifdef __KERNEL__
#include <linux/qtee.h>
#include <linux/sizes.h>
#else
#include "msg_host.h"
#endif

/* Bytes before the arguments: {object, op, counts}; a callback has {result, object, op, counts}. */
#define QTEE_MSG_INVOKE_HEADER		12
#define QTEE_MSG_CALLBACK_HEADER	16
#define QTEE_MSG_ARG_SIZE		8
/* Payloads start at multiples of this. */
#define QTEE_MSG_ALIGN			8
/* Most that an inbound message can have. */
#define QTEE_MSG_MAX			SZ_4M

/* Ids on the wire. Bit 31 says that Linux hosts the object. */
#define QTEE_ID_NULL			0
#define QTEE_ID_ROOT			1
#define QTEE_ID_CB			0x80000000u
#define QTEE_ID_PRIMORDIAL		0x80000000u

/* Asynchronous messages: only the version's upper half has to match. */
#define QTEE_ASYNC_HEADER		12
#define QTEE_ASYNC_MAJOR		1

/* Where memory is, told ahead: a message for each memory object. QTEE takes them from this version on. */
#define QTEE_ASYNC_VERSION_MAPPING	0x00010002u
#define QTEE_ASYNC_OP_MAPPING		3
#define QTEE_ASYNC_MAPPING_SIZE		48

/**
 * struct qtee_msg_request - a callback request, as checked
 * @object: id of the object that is called
 * @op: operation, 16 bits
 * @tail: offset behind the last payload, where asynchronous messages start
 */
struct qtee_msg_request {
	u32 object;
	u32 op;
	u32 tail;
};

/**
 * struct qtee_msg_async - one asynchronous message, as checked
 * @version: version of the protocol that QTEE speaks
 * @op: what it asks
 * @count: ids that follow
 * @ids: offset of the first id
 * @next: offset of the next message
 */
struct qtee_msg_async {
	u32 version;
	u32 op;
	u32 count;
	u32 ids;
	u32 next;
};

/**
 * struct qtee_msg_mapping - where the memory of a memory object is
 * @object: id of the memory object
 * @handle: id of the object whose release says that QTEE unmapped
 * @paddr: physical address
 * @size: bytes
 * @perms: QTEE_PERM_*
 */
struct qtee_msg_mapping {
	u32 object;
	u32 handle;
	u64 paddr;
	u64 size;
	u32 perms;
};

int qtee_msg_layout(struct qtee_args *args, u32 limit, u32 *counts);
int qtee_msg_placed_end(const struct qtee_args *args, u32 from, u32 to);
void qtee_msg_invoke_write(void *buf, u32 object, u32 op, u32 counts, const struct qtee_args *args);
int qtee_msg_answer_read(const void *buf, struct qtee_args *args);

int qtee_msg_request_read(const void *buf, u32 size, struct qtee_msg_request *request, struct qtee_args *args);
void qtee_msg_response_write(void *buf, s32 result, const struct qtee_args *args);

int qtee_msg_async_read(const void *buf, u32 size, u32 at, struct qtee_msg_async *async);
int qtee_msg_mapping_write(void *buf, u32 size, u32 at, const struct qtee_msg_mapping *mapping);
u32 qtee_msg_word(const void *buf, u32 at);

#endif /* _QTEE_MSG_H */
