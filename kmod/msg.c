// SPDX-License-Identifier: GPL-2.0-only
/* The wire format of messages; see msg.h. */
#ifdef __KERNEL__
#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#endif
#include "msg.h"

/* As qtee_msg_measure(), for arguments that there are. */
int qtee_msg_args_measure(struct qtee_args *args, u32 limit, u32 *counts, struct qtee_msg_places *places)
{
	u32 number = 0, in = 0, out = 0, end;
	unsigned int i;

	args->placed = false;
	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];

		if (arg->kind >= QTEE_ARG_KINDS)
			return -EINVAL;
		number += qtee_msg_one(arg->kind);
		if (qtee_msg_number(number, arg->kind) > QTEE_ARGS_PER_KIND)
			return -E2BIG;
		if (arg->kind > QTEE_ARG_OB)
			continue;
		if (arg->flags & QTEE_ARG_PLACED) {
			args->placed = true;
			continue;
		}
		/* 30 buffers of at most 4 MiB can't overflow. */
		if (arg->buffer.size > limit)
			return -EMSGSIZE;
		if (arg->kind == QTEE_ARG_IB)
			in += ALIGN((u32)arg->buffer.size, QTEE_MSG_ALIGN);
		else
			out += ALIGN((u32)arg->buffer.size, QTEE_MSG_ALIGN);
	}

	end = qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, args->count) + in + out;
	if (end > limit)
		return -EMSGSIZE;

	*counts = qtee_msg_number(number, QTEE_ARG_IB) | qtee_msg_number(number, QTEE_ARG_OB) << 4 |
		  qtee_msg_number(number, QTEE_ARG_IO) << 8 | qtee_msg_number(number, QTEE_ARG_OO) << 12;
	/* Each kind starts behind those before it. */
	places->slots = number * (qtee_msg_one(1) + qtee_msg_one(2) + qtee_msg_one(3));
	places->out = end - out;
	places->in = places->out - in;
	return end;
}

static bool qtee_msg_placed(const struct qtee_arg *arg)
{
	return arg->kind <= QTEE_ARG_OB && arg->flags & QTEE_ARG_PLACED;
}

/**
 * qtee_msg_placed_end() - check the buffers that have their place already
 * @args: arguments, whose kinds are known to be good
 * @from: the first offset that they may have
 * @to: the offset that they have to end at
 *
 * Each has to lie inside, 8-aligned and apart from all others.
 *
 * Return: the offset behind the last one, @from where there is none; -EINVAL.
 * Context: any.
 */
int qtee_msg_placed_end(const struct qtee_args *args, u32 from, u32 to)
{
	unsigned int i, j;
	u32 end = from;

	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];

		if (!qtee_msg_placed(arg))
			continue;
		if (arg->wire % QTEE_MSG_ALIGN || arg->wire < from || arg->wire > to ||
		    arg->buffer.size > to - arg->wire)
			return -EINVAL;
		for (j = 0; j < i; j++) {
			const struct qtee_arg *other = &args->arg[j];

			/* Sums can't overflow: both are inside. */
			if (qtee_msg_placed(other) && arg->wire < other->wire + other->buffer.size &&
			    other->wire < arg->wire + arg->buffer.size)
				return -EINVAL;
		}
		if (arg->wire + (u32)arg->buffer.size > end)
			end = arg->wire + (u32)arg->buffer.size;
	}
	return end;
}

/**
 * qtee_msg_request_read() - take a callback request
 * @buf: outbound buffer
 * @size: bytes in it, a multiple of 8
 * @request: out
 * @args: room for QTEE_ARGS_MAX arguments; out: kinds, slots, offsets and sizes of buffers, ids of input objects
 *
 * Payloads have to lie behind the arguments, inside the buffer, in order and apart from each other. The upper halves of
 * the op and counts words are the transport's and mean nothing to us.
 *
 * Return: 0; -EBADMSG. The object, the op and the ids of input objects are there all the same: each of those is a
 * reference to be given back. The tail is then the end of the buffer, since nobody can say where it is.
 */
int qtee_msg_request_read(const void *buf, u32 size, struct qtee_msg_request *request, struct qtee_args *args)
{
	unsigned int number[QTEE_ARG_KINDS], kind, i, slot = 0;
	u32 counts, end;
	int ret = 0;

	args->count = 0;
	args->result = 0;
	request->object = qtee_msg_word(buf, 4);
	request->op = qtee_msg_word(buf, 8) & 0xFFFF;
	request->tail = size;
	counts = qtee_msg_word(buf, 12);

	for (kind = 0; kind < QTEE_ARG_KINDS; kind++) {
		number[kind] = (counts >> (4 * kind)) & 0xF;
		slot += number[kind];
	}

	/* 60 arguments fit any outbound buffer: it has a page at least. */
	end = qtee_msg_payload(QTEE_MSG_CALLBACK_HEADER, slot);
	if (end > size)
		return -EBADMSG;

	slot = 0;
	for (kind = 0; kind < QTEE_ARG_KINDS; kind++) {
		for (i = 0; i < number[kind]; i++, slot++) {
			struct qtee_arg *arg = &args->arg[slot];
			u32 at = qtee_msg_slot(QTEE_MSG_CALLBACK_HEADER, slot);

			arg->kind = kind;
			arg->flags = 0;
			arg->slot = slot;
			arg->wire = qtee_msg_word(buf, at);
			arg->object = NULL;
			if (kind > QTEE_ARG_OB)
				continue;

			arg->buffer.addr = NULL;
			arg->buffer.size = qtee_msg_word(buf, at + 4);
			if (arg->wire < end || arg->wire > size || arg->wire % QTEE_MSG_ALIGN ||
			    arg->buffer.size > size - arg->wire) {
				arg->buffer.size = 0;
				ret = -EBADMSG;
				continue;
			}
			end = ALIGN(arg->wire + (u32)arg->buffer.size, QTEE_MSG_ALIGN);
		}
	}

	args->count = slot;
	if (!ret)
		request->tail = end;
	return ret;
}

/**
 * qtee_msg_response_write() - write the answer to a callback request
 * @buf: outbound buffer
 * @result: the answer
 * @args: of the request; with @result 0 sizes of output buffers, and output objects by wire, are written too
 */
void qtee_msg_response_write(void *buf, s32 result, const struct qtee_args *args)
{
	unsigned int i;

	qtee_msg_word_set(buf, 0, result);
	if (result)
		return;

	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];
		u32 at = qtee_msg_slot(QTEE_MSG_CALLBACK_HEADER, arg->slot);

		switch (arg->kind) {
		case QTEE_ARG_OB:
			qtee_msg_word_set(buf, at + 4, arg->buffer.size);
			break;
		case QTEE_ARG_OO:
			qtee_msg_word_set(buf, at, arg->wire);
			break;
		}
	}
}

/**
 * qtee_msg_async_read() - take the asynchronous message at an offset
 * @buf: outbound buffer
 * @size: bytes in it
 * @at: offset, 8-aligned
 * @async: out
 *
 * Return: 1 with a message; 0 at their end; -EBADMSG when what stands there is none.
 */
int qtee_msg_async_read(const void *buf, u32 size, u32 at, struct qtee_msg_async *async)
{
	u32 version;

	if (at > size || size - at < 4)
		return 0;
	version = qtee_msg_word(buf, at);
	if (!version)
		return 0;
	if (version >> 16 != QTEE_ASYNC_MAJOR || size - at < QTEE_ASYNC_HEADER)
		return -EBADMSG;

	async->version = version;
	async->op = qtee_msg_word(buf, at + 4);
	async->count = qtee_msg_word(buf, at + 8);
	/* 16 bits, as all operations. An id of ours is more: then it answers a callback that QTEE left there. */
	if (async->op > 0xFFFF)
		return -EBADMSG;
	async->ids = at + QTEE_ASYNC_HEADER;
	if (async->count > (size - async->ids) / 4)
		return -EBADMSG;
	async->next = ALIGN(async->ids + 4 * async->count, QTEE_MSG_ALIGN);
	return 1;
}

/**
 * qtee_msg_mapping_write() - write an asynchronous message that says where memory is
 * @buf: outbound buffer, cleared from @at on, so that the last message is followed by a zero
 * @size: bytes in it
 * @at: offset, 8-aligned
 * @mapping: what it says
 *
 * Return: the offset behind it, 8-aligned; -EMSGSIZE when there is no room.
 */
int qtee_msg_mapping_write(void *buf, u32 size, u32 at, const struct qtee_msg_mapping *mapping)
{
	if (at > size || size - at < QTEE_ASYNC_MAPPING_SIZE)
		return -EMSGSIZE;

	qtee_msg_word_set(buf, at, QTEE_ASYNC_VERSION_MAPPING);
	qtee_msg_word_set(buf, at + 4, QTEE_ASYNC_OP_MAPPING);
	qtee_msg_word_set(buf, at + 8, 1);
	qtee_msg_word_set(buf, at + 16, mapping->object);
	qtee_msg_word_set(buf, at + 20, mapping->handle);
	qtee_msg_word_set(buf, at + 24, mapping->paddr);
	qtee_msg_word_set(buf, at + 28, mapping->paddr >> 32);
	qtee_msg_word_set(buf, at + 32, mapping->size);
	qtee_msg_word_set(buf, at + 36, mapping->size >> 32);
	qtee_msg_word_set(buf, at + 40, mapping->perms);
	return at + QTEE_ASYNC_MAPPING_SIZE;
}
