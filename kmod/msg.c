// SPDX-License-Identifier: GPL-2.0-only
/* The wire format of messages; see msg.h. */
#ifdef __KERNEL__
#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#endif
#include "msg.h"

/**
 * qtee_msg_word() - read one word of shared memory, once
 * @buf: message
 * @at: offset, 4-aligned and inside
 *
 * Return: what stood there.
 * Context: any.
 */
u32 qtee_msg_word(const void *buf, u32 at)
{
	return READ_ONCE(*(const u32 *)(buf + at));
}

static void qtee_msg_word_set(void *buf, u32 at, u32 value)
{
	WRITE_ONCE(*(u32 *)(buf + at), value);
}

static u32 qtee_msg_slot(u32 header, unsigned int slot)
{
	return header + slot * QTEE_MSG_ARG_SIZE;
}

static u32 qtee_msg_payload(u32 header, unsigned int slots)
{
	return ALIGN(qtee_msg_slot(header, slots), QTEE_MSG_ALIGN);
}

/**
 * qtee_msg_layout() - give each argument of an invocation its place
 * @args: in any order; slot of each, and wire of each buffer, are set, but for buffers that have their place already
 *	(QTEE_ARG_PLACED); those are for qtee_msg_placed_end() to check
 * @limit: most bytes that the message may have, up to QTEE_MSG_MAX
 * @counts: out: the counts word
 *
 * Return: bytes of the message, without buffers that have their place already; -E2BIG with more than 15 of a kind;
 *	-EMSGSIZE over @limit; -EINVAL with an unknown kind.
 * Context: any.
 */
int qtee_msg_layout(struct qtee_args *args, u32 limit, u32 *counts)
{
	unsigned int number[QTEE_ARG_KINDS] = {}, slot[QTEE_ARG_KINDS];
	u32 size[2] = {}, at[2];
	unsigned int i;

	args->placed = false;
	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];

		if (arg->kind >= QTEE_ARG_KINDS)
			return -EINVAL;
		if (++number[arg->kind] > QTEE_ARGS_PER_KIND)
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
		size[arg->kind] += ALIGN((u32)arg->buffer.size, QTEE_MSG_ALIGN);
	}

	at[QTEE_ARG_IB] = qtee_msg_payload(QTEE_MSG_INVOKE_HEADER, args->count);
	at[QTEE_ARG_OB] = at[QTEE_ARG_IB] + size[QTEE_ARG_IB];
	if (at[QTEE_ARG_OB] + size[QTEE_ARG_OB] > limit)
		return -EMSGSIZE;

	*counts = number[QTEE_ARG_IB] | number[QTEE_ARG_OB] << 4 | number[QTEE_ARG_IO] << 8 | number[QTEE_ARG_OO] << 12;
	limit = at[QTEE_ARG_OB] + size[QTEE_ARG_OB];

	slot[QTEE_ARG_IB] = 0;
	slot[QTEE_ARG_OB] = number[QTEE_ARG_IB];
	slot[QTEE_ARG_IO] = slot[QTEE_ARG_OB] + number[QTEE_ARG_OB];
	slot[QTEE_ARG_OO] = slot[QTEE_ARG_IO] + number[QTEE_ARG_IO];

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];

		arg->slot = slot[arg->kind]++;
		if (arg->kind > QTEE_ARG_OB || arg->flags & QTEE_ARG_PLACED)
			continue;
		arg->wire = at[arg->kind];
		at[arg->kind] += ALIGN((u32)arg->buffer.size, QTEE_MSG_ALIGN);
	}

	return limit;
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
 * qtee_msg_invoke_write() - write header and arguments of an invocation
 * @buf: message, cleared, as large as qtee_msg_layout() said
 * @object: id of the object
 * @op: operation
 * @counts: counts word, of qtee_msg_layout()
 * @args: laid out, and wire of each input object set to its id
 */
void qtee_msg_invoke_write(void *buf, u32 object, u32 op, u32 counts, const struct qtee_args *args)
{
	unsigned int i;

	qtee_msg_word_set(buf, 0, object);
	qtee_msg_word_set(buf, 4, op);
	qtee_msg_word_set(buf, 8, counts);

	for (i = 0; i < args->count; i++) {
		const struct qtee_arg *arg = &args->arg[i];
		u32 at = qtee_msg_slot(QTEE_MSG_INVOKE_HEADER, arg->slot);

		switch (arg->kind) {
		case QTEE_ARG_IB:
		case QTEE_ARG_OB:
			qtee_msg_word_set(buf, at, arg->wire);
			qtee_msg_word_set(buf, at + 4, arg->buffer.size);
			break;
		case QTEE_ARG_IO:
			qtee_msg_word_set(buf, at, arg->wire);
			break;
		}
	}
}

/**
 * qtee_msg_answer_read() - take QTEE's answer to an invocation
 * @buf: message
 * @args: as they were sent; sizes of output buffers and wire of output objects are set
 *
 * QTEE may make an output smaller. It can't make it larger or move it.
 *
 * Return: 0; -EBADMSG when it did. Sizes that were not believed are 0 then; ids are read all the same, since each is a
 * reference to be given back.
 */
int qtee_msg_answer_read(const void *buf, struct qtee_args *args)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < args->count; i++) {
		struct qtee_arg *arg = &args->arg[i];
		u32 at = qtee_msg_slot(QTEE_MSG_INVOKE_HEADER, arg->slot);
		u32 size;

		switch (arg->kind) {
		case QTEE_ARG_OB:
			size = qtee_msg_word(buf, at + 4);
			if (size > arg->buffer.size || qtee_msg_word(buf, at) != arg->wire) {
				size = 0;
				ret = -EBADMSG;
			}
			arg->buffer.size = size;
			break;
		case QTEE_ARG_OO:
			arg->wire = qtee_msg_word(buf, at);
			break;
		}
	}

	return ret;
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
