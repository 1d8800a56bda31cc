/* SPDX-License-Identifier: GPL-2.0-only */
/* What msg.c needs of the kernel, for building it on a PC. */
#ifndef _QTEE_MSG_HOST_H
#define _QTEE_MSG_HOST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef uint64_t phys_addr_t;

#define SZ_4M 0x400000
#define ALIGN(x, a) (((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define unlikely(x) __builtin_expect(!!(x), 0)

#define QTEE_ARGS_PER_KIND 15
#define QTEE_ARGS_MAX (4 * QTEE_ARGS_PER_KIND)

enum qtee_arg_kind { QTEE_ARG_IB, QTEE_ARG_OB, QTEE_ARG_IO, QTEE_ARG_OO, QTEE_ARG_KINDS };

#define QTEE_ARG_PLACED 2

struct qtee_object;

/* The same as in <linux/qtee.h>. */
struct qtee_arg {
	u8 kind;
	u8 flags;
	u16 slot;
	u32 wire;
	union {
		struct {
			void *addr;
			size_t size;
		} buffer;
		struct {
			struct qtee_object *object;
			u32 mapping;
		};
	};
};

struct qtee_args {
	unsigned int count;
	s32 result;
	bool retain;
	bool plain;
	bool in_place;
	bool placed;
	unsigned int inputs;
	unsigned int sent;
	u64 bytes;
	struct qtee_arg *arg;
};

#endif /* _QTEE_MSG_HOST_H */
