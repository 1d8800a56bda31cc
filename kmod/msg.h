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

/**
 * struct qtee_msg_places - where the next argument goes
 * @slots: for each kind the slot that is next, in a byte each; see qtee_msg_number()
 * @in: offset for the next input buffer
 * @out: offset for the next output buffer
 */
struct qtee_msg_places {
	u32 slots;
	u32 in;
	u32 out;
};

int qtee_msg_args_measure(struct qtee_args *args, u32 limit, u32 *counts, struct qtee_msg_places *places);
int qtee_msg_placed_end(const struct qtee_args *args, u32 from, u32 to);

int qtee_msg_request_read(const void *buf, u32 size, struct qtee_msg_request *request, struct qtee_args *args);
void qtee_msg_response_write(void *buf, s32 result, const struct qtee_args *args);

int qtee_msg_async_read(const void *buf, u32 size, u32 at, struct qtee_msg_async *async);
int qtee_msg_mapping_write(void *buf, u32 size, u32 at, const struct qtee_msg_mapping *mapping);

/**
 * qtee_msg_word() - read one word of shared memory, once
 * @buf: message
 * @at: offset, 4-aligned and inside
 *
 * Return: what stood there.
 * Context: any.
 */
static inline u32 qtee_msg_word(const void *buf, u32 at)
{
	return READ_ONCE(*(const u32 *)((const char *)buf + at));
}

static inline void qtee_msg_word_set(void *buf, u32 at, u32 value)
{
	WRITE_ONCE(*(u32 *)((char *)buf + at), value);
}

/* A number for each kind, 0 to 60, in a byte each of one word: no array to clear, and sums of all four at once. */
static inline u32 qtee_msg_one(unsigned int kind)
{
	return 1u << (8 * (kind % QTEE_ARG_KINDS));
}

static inline u32 qtee_msg_number(u32 numbers, unsigned int kind)
{
	return numbers >> (8 * (kind % QTEE_ARG_KINDS)) & 0xFF;
}

/* Offset of an argument, behind a header of that many bytes. */
static inline u32 qtee_msg_slot(u32 header, unsigned int slot)
{
	return header + slot * QTEE_MSG_ARG_SIZE;
}

/* Where payloads start, behind that many arguments. */
static inline u32 qtee_msg_payload(u32 header, unsigned int slots)
{
	return ALIGN(qtee_msg_slot(header, slots), QTEE_MSG_ALIGN);
}

/**
 * qtee_msg_measure() - check the arguments of an invocation, and find out how much room they need
 * @args: in any order; placed is set
 * @limit: most bytes that the message may have, up to QTEE_MSG_MAX
 * @counts: out: the counts word
 * @places: out: for qtee_msg_arg_place(); not set where there are no arguments
 *
 * Buffers that have their place already (QTEE_ARG_PLACED) are for qtee_msg_placed_end() to check.
 *
 * Return: bytes of the message, without buffers that have their place already; -E2BIG with more than 15 of a kind;
 *	-EMSGSIZE over @limit; -EINVAL with an unknown kind.
 * Context: any.
 */
static inline int qtee_msg_measure(struct qtee_args *args, u32 limit, u32 *counts, struct qtee_msg_places *places)
{
	if (args->count)
		return qtee_msg_args_measure(args, limit, counts, places);
	args->placed = false;
	*counts = 0;
	return qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, 0);
}

/**
 * qtee_msg_invoke_write() - write the header of an invocation
 * @buf: message
 * @object: id of the object
 * @op: operation
 * @counts: counts word, of qtee_msg_measure()
 */
static inline void qtee_msg_invoke_write(void *buf, u32 object, u32 op, u32 counts)
{
	qtee_msg_word_set(buf, 0, object);
	qtee_msg_word_set(buf, 4, op);
	qtee_msg_word_set(buf, 8, counts);
}

/* Says where the buffer of an argument is. */
static inline void qtee_msg_buffer_write(void *buf, u32 slot, u32 wire, u32 size)
{
	const u32 at = qtee_msg_slot(QTEE_MSG_INVOKE_HEADER, slot);

	qtee_msg_word_set(buf, at, wire);
	qtee_msg_word_set(buf, at + 4, size);
}

/* Clears what is between the end of a buffer and a multiple of 8, and up to 7 bytes in front of it. */
static inline void qtee_msg_buffer_pad(void *buf, u32 wire, u32 size)
{
	if (unlikely(size % QTEE_MSG_ALIGN))
		*(u64 *)((char *)buf + wire + ALIGN_DOWN(size, QTEE_MSG_ALIGN)) = 0;
}

/**
 * qtee_msg_arg_place() - give an argument its place, and write it there
 * @buf: message, its head cleared, as large as qtee_msg_measure() said
 * @places: where that is; moved on
 * @arg: the next of the arguments that were measured; slot is set, and wire of a buffer that has no place already
 *
 * The id of an input object follows by qtee_msg_arg_object(), and what an input buffer holds is the caller's to write.
 * Everything is read once: to the compiler @buf could be where @arg is.
 *
 * Return: of a buffer its offset.
 */
static inline u32 qtee_msg_arg_place(void *buf, struct qtee_msg_places *places, struct qtee_arg *arg)
{
	const unsigned int kind = arg->kind;
	const u32 slot = qtee_msg_number(places->slots, kind);
	u32 wire, size;

	arg->slot = slot;
	places->slots += qtee_msg_one(kind);
	if (kind > QTEE_ARG_OB)
		return 0;

	size = arg->buffer.size;
	if (unlikely(arg->flags & QTEE_ARG_PLACED)) {
		wire = arg->wire;
	} else {
		if (kind == QTEE_ARG_IB) {
			wire = places->in;
			places->in += ALIGN(size, QTEE_MSG_ALIGN);
		} else {
			wire = places->out;
			places->out += ALIGN(size, QTEE_MSG_ALIGN);
		}
		arg->wire = wire;
		qtee_msg_buffer_pad(buf, wire, size);
	}
	qtee_msg_buffer_write(buf, slot, wire, size);
	return wire;
}

/**
 * qtee_msg_arg_object() - write the id of an input object
 * @buf: message
 * @arg: the argument, placed, and wire set to the id
 */
static inline void qtee_msg_arg_object(void *buf, const struct qtee_arg *arg)
{
	qtee_msg_word_set(buf, qtee_msg_slot(QTEE_MSG_INVOKE_HEADER, arg->slot), arg->wire);
}

/**
 * qtee_msg_arg_answer() - take what QTEE says of an output
 * @buf: message
 * @arg: as it was sent; size of an output buffer or wire of an output object are set
 *
 * QTEE may make an output smaller. It can't make it larger or move it.
 *
 * Return: 0; -EBADMSG when it did, and then the size is 0.
 */
static inline int qtee_msg_arg_answer(const void *buf, struct qtee_arg *arg)
{
	const u32 at = qtee_msg_slot(QTEE_MSG_INVOKE_HEADER, arg->slot);
	const unsigned int kind = arg->kind;
	u32 size;

	if (kind == QTEE_ARG_OB) {
		size = qtee_msg_word(buf, at + 4);
		if (unlikely(size > arg->buffer.size || qtee_msg_word(buf, at) != arg->wire)) {
			arg->buffer.size = 0;
			return -EBADMSG;
		}
		arg->buffer.size = size;
	} else if (kind == QTEE_ARG_OO) {
		arg->wire = qtee_msg_word(buf, at);
	}
	return 0;
}

#endif /* _QTEE_MSG_H */
