/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel API of the qtee driver: objects in Qualcomm's Trusted Execution Environment, and objects for it.
 *
 * Whoever holds a reference to an object may use it and may pass it on. See docs/driver.md for how references move.
 */
#ifndef _LINUX_QTEE_H
#define _LINUX_QTEE_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/llist.h>

struct device;
struct dentry;
struct dma_buf;
struct file;
struct module;
struct qtee_buffer;
struct qtee_message;

/* Operations of the transport, in no object's own range. */
#define QTEE_OP_RELEASE		0xFFFF
#define QTEE_OP_RETAIN		0xFFFE
/* Last operation that a client can ask for. */
#define QTEE_OP_MAX		0xFFFD

/* The wire has four bits for the number of arguments of each kind. */
#define QTEE_ARGS_PER_KIND	15
#define QTEE_ARGS_MAX		(4 * QTEE_ARGS_PER_KIND)

/* Result codes of the transport; an object's own codes are positive. */
#define QTEE_RESULT_OK		0
#define QTEE_RESULT_ERROR	1
#define QTEE_RESULT_INVALID	2
#define QTEE_RESULT_DEFUNCT	(-90)
#define QTEE_RESULT_ABORT	(-91)
#define QTEE_RESULT_BADOBJ	(-92)
#define QTEE_RESULT_NOSLOTS	(-93)
#define QTEE_RESULT_MAXARGS	(-94)
#define QTEE_RESULT_MAXDATA	(-95)
#define QTEE_RESULT_UNAVAIL	(-96)
#define QTEE_RESULT_KMEM	(-97)
#define QTEE_RESULT_REMOTE	(-98)
#define QTEE_RESULT_BUSY	(-99)
#define QTEE_RESULT_TIMEOUT	(-103)

/* Context ids of invocations start here. 0 is "no invocation"; 1 to 9 are never given to a dispatcher. */
#define QTEE_CONTEXT_NONE	0
#define QTEE_CONTEXT_FIRST	10

/**
 * enum qtee_object_kind - where an object lives
 * @QTEE_OBJECT_NULL: nowhere; a NULL pointer is this kind too
 * @QTEE_OBJECT_ROOT: QTEE's static client environment, &qtee_object_root
 * @QTEE_OBJECT_TEE: in QTEE; its last put sends RELEASE
 * @QTEE_OBJECT_CB: in Linux; a callback object
 */
enum qtee_object_kind {
	QTEE_OBJECT_NULL,
	QTEE_OBJECT_ROOT,
	QTEE_OBJECT_TEE,
	QTEE_OBJECT_CB,
};

/**
 * enum qtee_arg_kind - the wire's four kinds, in the wire's order
 * @QTEE_ARG_IB: input buffer
 * @QTEE_ARG_OB: output buffer
 * @QTEE_ARG_IO: input object
 * @QTEE_ARG_OO: output object
 * @QTEE_ARG_KINDS: how many kinds there are
 */
enum qtee_arg_kind {
	QTEE_ARG_IB,
	QTEE_ARG_OB,
	QTEE_ARG_IO,
	QTEE_ARG_OO,
	QTEE_ARG_KINDS
};

/* The buffer of this argument is memory of the current task. */
#define QTEE_ARG_USER		BIT(0)
/*
 * The buffer of this argument lies in the inbound buffer that qtee_context_use() was given: @wire is its offset there,
 * 8-aligned and not in the first page. Nothing is copied.
 */
#define QTEE_ARG_PLACED		BIT(1)

/**
 * struct qtee_arg - one argument
 * @kind: enum qtee_arg_kind
 * @flags: QTEE_ARG_USER or QTEE_ARG_PLACED, or 0
 * @slot: the driver's: index among the message's arguments
 * @wire: the driver's: offset of a buffer in its message, id of an object; the caller's with QTEE_ARG_PLACED
 * @buffer: of the two buffer kinds; an output's size comes back as what was written
 * @object: of the two object kinds; NULL is the NULL object
 * @mapping: the driver's: of an input object whose memory QTEE was told of ahead: id of the mapping's handle; else 0
 *
 * Arguments stand in any order; the wire wants them grouped by kind, in the order given within each.
 *
 * Locking: belongs to the invocation; nobody else reads it.
 */
struct qtee_arg {
	u8 kind;
	u8 flags;
	u16 slot;
	u32 wire;
	union {
		struct {
			union {
				void *addr;
				void __user *uaddr;
			};
			size_t size;
		} buffer;
		struct {
			struct qtee_object *object;
			u32 mapping;
		};
	};
};

/**
 * struct qtee_args - arguments of an invocation or of a callback
 * @count: how many, up to QTEE_ARGS_MAX
 * @result: of a callback: the object's own answer, sent as it is when the dispatcher returns 0
 * @retain: of an invocation: all that goes in and comes out is the calling process's, so that it may stay in the
 *	message buffer until a message of that process overwrites it. An output that QTEE does not write to is zero, or
 *	what an earlier message left there. It is cleared before another process, or one who does not say so, uses the
 *	buffer.
 * @plain: all are buffers with QTEE_ARG_USER and nothing else, inputs in front of outputs, each smaller than 4 GiB;
 *	optional, and quicker. Then @inputs and @bytes have to be right
 * @in_place: the same, but with QTEE_ARG_PLACED. Then @inputs has to be right
 * @inputs: how many of them are inputs
 * @bytes: sum of their sizes, each rounded up to a multiple of 8
 * @placed: the driver's: whether any has QTEE_ARG_PLACED
 * @sent: the driver's: how many have their places, and ids where they are input objects
 * @arg: the arguments
 */
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

/**
 * struct qtee_mapping - memory as QTEE is to see it
 * @paddr: physical address, page aligned
 * @size: bytes, whole pages
 * @perms: QTEE_PERM_READ, QTEE_PERM_WRITE
 * @handle: an object, with a reference for QTEE, whose release says that QTEE unmapped
 */
struct qtee_mapping {
	phys_addr_t paddr;
	u64 size;
	u32 perms;
	struct qtee_object *handle;
};

#define QTEE_PERM_WRITE		BIT(1)
#define QTEE_PERM_READ		BIT(2)

/**
 * struct qtee_param_type - how a kind of object crosses the border to user space
 * @host_id: names the type in user parameters, below QCOM_TEE_OBJECT_SECURE (-1)
 * @owner: module of the functions
 * @from_user: the object that an id given by the current task means, with a reference; ERR_PTR() else. May sleep.
 * @to_file: a file that means the object, with a reference; ERR_PTR() else. May sleep.
 * @features: QCOM_TEE_FEATURE_* that the type adds to what VERSION tells
 * @alloc: makes an object of the type and gives a file that means it; ERR_PTR() else. @size comes back as what was
 *	made; @flags are the type's, @fd_flags O_RDONLY or O_RDWR. Optional. Process context of the user, may sleep.
 * @alloc_object: makes an object of the type, with a reference, and tells where its memory is; ERR_PTR() else.
 *	Optional. May sleep.
 *
 * A front end knows none of them by name: it finds from_user by host_id and to_file by the object.
 */
struct qtee_param_type {
	s32 host_id;
	struct module *owner;
	struct qtee_object *(*from_user)(u64 id);
	struct file *(*to_file)(struct qtee_object *object);
	u32 features;
	struct file *(*alloc)(u64 *size, u32 flags, u32 fd_flags);
	struct qtee_object *(*alloc_object)(u64 size, struct qtee_buffer *buffer);
};

/**
 * struct qtee_object_ops - what a callback object does
 * @name: for people, in introspection and traces
 * @owner: module of the functions; stays while such an object lives
 * @param_type: how user space names such an object, or NULL
 * @op_supported: whether the object has an operation; asked before the arguments are looked at. Optional. Atomic.
 * @dispatch: does the operation. Input buffers point into memory that QTEE can write: copy, then check the copy.
 *	Output buffers point there too; their sizes may be made smaller. Returns 0, and then owns the input objects and
 *	gives a reference with each output object; or an errno, and then owns and gives nothing. May sleep; nothing is
 *	held, and it may invoke.
 * @notify: says how sending the answer of a dispatch that returned 0 went: 0, or an errno when QTEE did not get it and
 *	the driver has taken back what was handed out. Optional. May sleep.
 * @map: memory for QTEE to map; only memory objects have it. May sleep.
 * @release: the last reference is gone. Others may still look at the object until an RCU grace period has passed, so
 *	its memory goes by kfree_rcu() or the like; or the owner keeps it for qtee_object_revive(). Process context, may
 *	sleep.
 */
struct qtee_object_ops {
	const char *name;
	struct module *owner;
	const struct qtee_param_type *param_type;
	bool (*op_supported)(struct qtee_object *object, u32 op);
	int (*dispatch)(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args);
	void (*notify)(u32 context_id, struct qtee_object *object, int status);
	int (*map)(struct qtee_object *object, struct qtee_mapping *mapping);
	void (*release)(struct qtee_object *object);
};

/**
 * struct qtee_object - anything that can be invoked or passed
 * @refs: references; QTEE's own, one per id of a CB object, are among them
 * @kind: enum qtee_object_kind
 * @tee_id: TEE objects: QTEE's id
 * @ops: CB objects: what it does
 * @release_node: TEE objects: the list of releases to send
 * @rcu: TEE objects: for the end
 *
 * Embedded by whoever exports a service to QTEE. A static object, root or the primordial, is never released.
 *
 * Invariant: all but @refs and @release_node stay as they were at init.
 * Locking: @refs counts; @release_node belongs to release.c once @refs is 0. The memory stays for an RCU grace period
 * after the last reference: see qtee_object_tryget().
 */
struct qtee_object {
	refcount_t refs;
	enum qtee_object_kind kind;
	u32 tee_id;
	const struct qtee_object_ops *ops;
	union {
		struct llist_node release_node;
		struct rcu_head rcu;
	};
};

/**
 * struct qtee_buffer - memory that QTEE can see
 * @addr: where Linux sees it
 * @paddr: where QTEE does
 * @size: bytes, whole pages
 *
 * Invariant: contiguous, page aligned, under one bridge where bridges are in use.
 */
struct qtee_buffer {
	void *addr;
	phys_addr_t paddr;
	u32 size;
};

/**
 * struct qtee_context - an invocation in progress, and the message buffers it runs in
 * @message: buffers, preallocated
 * @args: room for QTEE_ARGS_MAX arguments, for a caller that has none of its own
 * @seen: after qtee_object_invoke(): QTEE saw the message, so it owns what was passed
 *
 * Locking: used by one thread at a time. It may sleep, migrate and be nested: a dispatcher that invokes takes another.
 */
struct qtee_context {
	struct qtee_message *message;
	struct qtee_arg *args;
	bool seen;
};

/**
 * var qtee_object_root - the root object, QTEE's static client environment
 *
 * Static: getting and putting it does nothing.
 */
extern struct qtee_object qtee_object_root;

/**
 * qtee_object_kind() - kind of an object
 * @object: an object, or NULL
 *
 * Return: the kind. Any context.
 */
static inline enum qtee_object_kind qtee_object_kind(const struct qtee_object *object)
{
	return object ? object->kind : QTEE_OBJECT_NULL;
}

/**
 * qtee_object_tryget() - take a reference to an object that may be going
 * @object: an object that the caller found under RCU in a table from which it is taken before its last put; or NULL
 *
 * Return: @object with a reference, or NULL. Under RCU; any context.
 */
static inline struct qtee_object *qtee_object_tryget(struct qtee_object *object)
{
	return object && refcount_inc_not_zero(&object->refs) ? object : NULL;
}

void qtee_object_init(struct qtee_object *object, const struct qtee_object_ops *ops);
void qtee_object_revive(struct qtee_object *object);
struct qtee_object *qtee_object_get(struct qtee_object *object);
void qtee_object_put(struct qtee_object *object);

int qtee_context_init(struct qtee_context *context);
void qtee_context_fini(struct qtee_context *context);
u32 qtee_context_id(const struct qtee_context *context);
void qtee_context_use(struct qtee_context *context, const struct qtee_buffer *buffer);
bool qtee_context_lost(const struct qtee_context *context);

int qtee_object_invoke(struct qtee_context *context, struct qtee_object *object, u32 op, struct qtee_args *args,
		       s32 *result);

int qtee_client_env_get(struct qtee_object **env);
int qtee_service_open(struct qtee_object *env, u32 uid, struct qtee_object **service, s32 *result);

int qtee_primordial_register(struct qtee_object *extension);
void qtee_primordial_unregister(struct qtee_object *extension);

int qtee_param_type_register(const struct qtee_param_type *type);
void qtee_param_type_unregister(const struct qtee_param_type *type);
struct qtee_object *qtee_param_type_object(s32 host_id, u64 id);
struct file *qtee_param_type_alloc(s32 host_id, u64 *size, u32 flags, u32 fd_flags);
struct qtee_object *qtee_param_type_alloc_object(s32 host_id, u64 size, struct qtee_buffer *buffer);
u32 qtee_param_type_features(void);
int qtee_root_user_check(u32 op, const struct qtee_args *args);
s32 qtee_error_result(int err);

struct device *qtee_device(void);
struct dentry *qtee_debugfs(void);

/* Of the memory-object module. */
struct qtee_object *qtee_memory_object_get(struct dma_buf *dmabuf);

#endif /* _LINUX_QTEE_H */
