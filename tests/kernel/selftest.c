// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel API, tried from inside the kernel when the module is loaded: what <linux/qtee.h> promises to clients, to
 * callback objects and to extensions, against the private service of the virtual SoC's QTEE. Loading fails with -EIO
 * when a promise is not kept; the log says which.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/qtee.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/string.h>

/* The private service, from vsoc/include/vsoc/service.hpp. */
#define SELFTEST_UID		0x7E57C0DE
#define SELFTEST_NULL		0
#define SELFTEST_ECHO		1
#define SELFTEST_MIRROR		2
#define SELFTEST_CALLBACK	8
#define SELFTEST_HOLD		9
#define SELFTEST_DROP		11
#define SELFTEST_PRIMORDIAL	20

/* Operations of our own objects. */
#define SELFTEST_OP_OK		5
#define SELFTEST_OP_FAIL	6
#define SELFTEST_OP_NEST	7
#define SELFTEST_OP_UNKNOWN	8

static struct qtee_object *selftest_service;
static unsigned int selftest_failures;

#define CHECK(what) do { \
	if (!(what)) { \
		selftest_failures++; \
		pr_err("%s, line %d: not so: %s\n", __func__, __LINE__, #what); \
	} \
} while (0)

/**
 * struct selftest_object - a callback object that remembers what was done to it
 * @object: what the core knows
 * @calls: dispatches
 * @notes: notifications
 * @status: of the last notification
 * @context: context id of the last dispatch
 * @nested: context id of the invocation that the last dispatch made
 * @args: number of arguments of the last dispatch
 * @gone: the last reference is gone
 *
 * Locking: written in the thread of the invocation that calls it, and read there afterwards.
 */
struct selftest_object {
	struct qtee_object object;
	unsigned int calls;
	unsigned int notes;
	int status;
	u32 context;
	u32 nested;
	unsigned int args;
	struct completion gone;
};

static struct selftest_object *selftest_of(struct qtee_object *object)
{
	return container_of(object, struct selftest_object, object);
}

static struct qtee_arg selftest_in(void *addr, size_t size)
{
	return (struct qtee_arg){ .kind = QTEE_ARG_IB, .buffer = { { addr }, size } };
}

static struct qtee_arg selftest_out(void *addr, size_t size)
{
	return (struct qtee_arg){ .kind = QTEE_ARG_OB, .buffer = { { addr }, size } };
}

static struct qtee_arg selftest_object_in(struct qtee_object *object)
{
	return (struct qtee_arg){ .kind = QTEE_ARG_IO, .object = object };
}

/* Invokes, in an invocation of its own whose id is told. */
static int selftest_invoke(struct qtee_object *object, u32 op, struct qtee_arg *arg, unsigned int count, s32 *result,
			   u32 *id)
{
	struct qtee_args args = { .count = count, .arg = arg };
	struct qtee_context context;
	int ret = qtee_context_init(&context);

	if (ret)
		return ret;
	if (id)
		*id = qtee_context_id(&context);
	ret = qtee_object_invoke(&context, object, op, &args, result);
	qtee_context_fini(&context);
	return ret;
}

static bool selftest_supported(struct qtee_object *object, u32 op)
{
	return op != SELFTEST_OP_UNKNOWN;
}

static int selftest_dispatch(u32 context_id, struct qtee_object *object, u32 op, struct qtee_args *args)
{
	struct selftest_object *own = selftest_of(object);
	unsigned int i;
	s32 result;

	own->calls++;
	own->context = context_id;
	own->args = args->count;
	if (op == SELFTEST_OP_FAIL)
		return -ENOMEM;
	if (op == SELFTEST_OP_NEST)
		CHECK(!selftest_invoke(selftest_service, SELFTEST_NULL, NULL, 0, &result, &own->nested) && !result);

	/* The first output is the first input, as far as there are both. */
	for (i = 1; i < args->count; i++)
		if (args->arg[i].kind == QTEE_ARG_OB && args->arg[i - 1].kind == QTEE_ARG_IB) {
			args->arg[i].buffer.size = min(args->arg[i].buffer.size, args->arg[i - 1].buffer.size);
			memcpy(args->arg[i].buffer.addr, args->arg[i - 1].buffer.addr, args->arg[i].buffer.size);
		}
	for (i = 0; i < args->count; i++)
		if (args->arg[i].kind == QTEE_ARG_IO)
			qtee_object_put(args->arg[i].object);
	return 0;
}

static void selftest_notify(u32 context_id, struct qtee_object *object, int status)
{
	selftest_of(object)->notes++;
	selftest_of(object)->status = status;
	CHECK(context_id == selftest_of(object)->context);
}

static void selftest_release(struct qtee_object *object)
{
	complete(&selftest_of(object)->gone);
}

static const struct qtee_object_ops selftest_ops = {
	.name = "selftest",
	.owner = THIS_MODULE,
	.op_supported = selftest_supported,
	.dispatch = selftest_dispatch,
	.notify = selftest_notify,
	.release = selftest_release,
};

static void selftest_object_make(struct selftest_object *own)
{
	memset(own, 0, sizeof(*own));
	init_completion(&own->gone);
	qtee_object_init(&own->object, &selftest_ops);
}

/* Waits until QTEE has given up all its references, and ours is the only one; it tells beside its answers. */
static bool selftest_alone(struct selftest_object *own)
{
	unsigned int tries;
	s32 result;

	for (tries = 0; tries < 1000 && refcount_read(&own->object.refs) != 1; tries++) {
		if (selftest_invoke(selftest_service, SELFTEST_NULL, NULL, 0, &result, NULL))
			break;
		fsleep(10 * USEC_PER_MSEC);
	}
	return refcount_read(&own->object.refs) == 1;
}

/* Ends our reference, which has to be the last. RCU readers may look at the object still. */
static void selftest_object_end(struct selftest_object *own)
{
	qtee_object_put(&own->object);
	CHECK(completion_done(&own->gone));
	synchronize_rcu();
}

/* Has QTEE call an object with an operation: takes a reference of its own to give away. */
static s32 selftest_call(struct selftest_object *own, u32 op, struct qtee_arg *more, unsigned int count, u32 *id)
{
	__le32 request[2] = { cpu_to_le32(op), cpu_to_le32(1) };
	struct qtee_arg arg[6];
	s32 result = 0;

	arg[0] = selftest_in(request, sizeof(request));
	arg[1] = selftest_object_in(qtee_object_get(&own->object));
	if (count)
		memcpy(&arg[2], more, count * sizeof(*more));
	CHECK(!selftest_invoke(selftest_service, SELFTEST_CALLBACK, arg, 2 + count, &result, id));
	if (count)
		memcpy(more, &arg[2], count * sizeof(*more));
	return result;
}

static void selftest_clients(void)
{
	struct qtee_object *env, *service;
	char in[] = "in", out[8] = {};
	struct qtee_arg arg[3];
	s32 result;

	CHECK(!qtee_client_env_get(&env));
	CHECK(qtee_object_kind(env) == QTEE_OBJECT_TEE);
	CHECK(!qtee_service_open(env, 0xFFFFFFF0, &service, &result) && result && !service);
	qtee_object_put(env);

	/* Outputs may stand before inputs. */
	arg[0] = selftest_out(out, sizeof(out));
	arg[1] = selftest_in(in, sizeof(in));
	CHECK(!selftest_invoke(selftest_service, SELFTEST_ECHO, arg, 2, &result, NULL) && !result);
	CHECK(arg[0].buffer.size == sizeof(in) && !strcmp(out, in));

	/* A TEE object that is passed stays ours; what comes back is a reference of its own. */
	arg[0] = selftest_object_in(selftest_service);
	arg[1] = (struct qtee_arg){ .kind = QTEE_ARG_OO };
	CHECK(!selftest_invoke(selftest_service, SELFTEST_MIRROR, arg, 2, &result, NULL) && !result);
	CHECK(arg[1].object != selftest_service && arg[1].object->tee_id == selftest_service->tee_id);
	qtee_object_put(arg[1].object);
}

static void selftest_refusals(void)
{
	struct qtee_arg arg[QTEE_ARGS_PER_KIND + 1];
	struct selftest_object own;
	unsigned int i;
	s32 result;

	selftest_object_make(&own);
	CHECK(selftest_invoke(selftest_service, QTEE_OP_RELEASE, NULL, 0, &result, NULL) == -EINVAL);
	CHECK(selftest_invoke(selftest_service, QTEE_OP_RETAIN, NULL, 0, &result, NULL) == -EINVAL);
	CHECK(selftest_invoke(&own.object, 0, NULL, 0, &result, NULL) == -EINVAL);
	CHECK(selftest_invoke(NULL, 0, NULL, 0, &result, NULL) == -EINVAL);

	for (i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = selftest_in(arg, 8);
	CHECK(selftest_invoke(selftest_service, SELFTEST_MIRROR, arg, ARRAY_SIZE(arg), &result, NULL) == -E2BIG);
	arg[0] = selftest_in(arg, SZ_4M);
	CHECK(selftest_invoke(selftest_service, SELFTEST_MIRROR, arg, 1, &result, NULL) == -EMSGSIZE);
	arg[0] = selftest_object_in(&qtee_object_root);
	CHECK(selftest_invoke(selftest_service, SELFTEST_MIRROR, arg, 1, &result, NULL) == -EINVAL);

	/* Callback objects are given up whatever becomes of the call. */
	arg[0] = selftest_object_in(qtee_object_get(&own.object));
	arg[1] = selftest_in(arg, SZ_4M);
	CHECK(selftest_invoke(selftest_service, SELFTEST_MIRROR, arg, 2, &result, NULL) == -EMSGSIZE);
	arg[0] = selftest_object_in(qtee_object_get(&own.object));
	CHECK(selftest_invoke(NULL, 0, arg, 1, &result, NULL) == -EINVAL);
	CHECK(refcount_read(&own.object.refs) == 1);
	selftest_object_end(&own);
}

static void selftest_callbacks(void)
{
	struct selftest_object own, other;
	char in[] = "through QTEE", out[32] = {};
	struct qtee_arg arg[3];
	u32 id;

	selftest_object_make(&own);
	selftest_object_make(&other);

	arg[0] = selftest_in(in, sizeof(in));
	arg[1] = selftest_out(out, sizeof(out));
	arg[2] = selftest_object_in(qtee_object_get(&other.object));
	CHECK(!selftest_call(&own, SELFTEST_OP_OK, arg, 3, &id));
	CHECK(own.calls == 1 && own.notes == 1 && !own.status && own.args == 3);
	CHECK(own.context == id && id >= QTEE_CONTEXT_FIRST);
	CHECK(arg[1].buffer.size == sizeof(in) && !strcmp(out, in));
	CHECK(selftest_alone(&own) && selftest_alone(&other));

	/* A dispatcher that fails owns nothing of what it got. Nor is it notified. */
	arg[0] = selftest_object_in(qtee_object_get(&other.object));
	CHECK(selftest_call(&own, SELFTEST_OP_FAIL, arg, 1, NULL) == QTEE_RESULT_KMEM);
	CHECK(own.calls == 2 && own.notes == 1);
	CHECK(selftest_alone(&own) && selftest_alone(&other));

	/* An operation that an object does not have never gets to its dispatcher. */
	CHECK(selftest_call(&own, SELFTEST_OP_UNKNOWN, NULL, 0, NULL) == QTEE_RESULT_INVALID);
	CHECK(own.calls == 2);

	/* A dispatcher may invoke, in an invocation of its own. */
	CHECK(!selftest_call(&own, SELFTEST_OP_NEST, NULL, 0, &id));
	CHECK(own.context == id && own.nested >= QTEE_CONTEXT_FIRST && own.nested != id);
	CHECK(selftest_alone(&own));

	selftest_object_end(&own);
	selftest_object_end(&other);
}

/* Three ids of one object at a time, and one reference for each. */
static void selftest_ids(void)
{
	struct selftest_object own;
	struct qtee_arg arg[3];
	__le32 count = cpu_to_le32(ARRAY_SIZE(arg));
	unsigned int i;
	s32 result;

	selftest_object_make(&own);
	for (i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = selftest_object_in(qtee_object_get(&own.object));
	CHECK(!selftest_invoke(selftest_service, SELFTEST_HOLD, arg, ARRAY_SIZE(arg), &result, NULL) && !result);
	CHECK(refcount_read(&own.object.refs) == 1 + ARRAY_SIZE(arg));
	CHECK(arg[0].wire != arg[1].wire && arg[1].wire != arg[2].wire && arg[0].wire != arg[2].wire);

	arg[0] = selftest_in(&count, sizeof(count));
	CHECK(!selftest_invoke(selftest_service, SELFTEST_DROP, arg, 1, &result, NULL) && !result);
	CHECK(selftest_alone(&own));
	CHECK(!completion_done(&own.gone));
	selftest_object_end(&own);
}

static s32 selftest_primordial(u32 op, char *out, size_t *size)
{
	__le32 request[2] = { cpu_to_le32(op), cpu_to_le32(1) };
	char in[] = "to an extension";
	struct qtee_arg arg[3];
	s32 result = 0;

	arg[0] = selftest_in(request, sizeof(request));
	arg[1] = selftest_in(in, sizeof(in));
	arg[2] = selftest_out(out, *size);
	CHECK(!selftest_invoke(selftest_service, SELFTEST_PRIMORDIAL, arg, 3, &result, NULL));
	*size = arg[2].buffer.size;
	return result;
}

static void selftest_extensions(void)
{
	struct selftest_object first, second;
	size_t size = 32;
	char out[32] = {};

	selftest_object_make(&first);
	selftest_object_make(&second);
	CHECK(selftest_primordial(SELFTEST_OP_OK, out, &size) == QTEE_RESULT_UNAVAIL);

	CHECK(qtee_primordial_register(NULL) == -EINVAL);
	CHECK(qtee_primordial_register(selftest_service) == -EINVAL);
	CHECK(!qtee_primordial_register(&first.object));
	CHECK(qtee_primordial_register(&second.object) == -EBUSY);
	size = sizeof(out);
	CHECK(!selftest_primordial(SELFTEST_OP_OK, out, &size));
	CHECK(first.calls == 1 && first.context >= QTEE_CONTEXT_FIRST && !strcmp(out, "to an extension"));
	CHECK(selftest_primordial(SELFTEST_OP_UNKNOWN, out, &size) == QTEE_RESULT_INVALID);

	/* Only what is registered can be unregistered. */
	qtee_primordial_unregister(&second.object);
	size = sizeof(out);
	CHECK(!selftest_primordial(SELFTEST_OP_OK, out, &size) && first.calls == 2);
	qtee_primordial_unregister(&first.object);
	CHECK(!qtee_primordial_register(&second.object));
	qtee_primordial_unregister(&second.object);
	size = sizeof(out);
	CHECK(selftest_primordial(SELFTEST_OP_OK, out, &size) == QTEE_RESULT_UNAVAIL);

	selftest_object_end(&first);
	selftest_object_end(&second);
}

static struct qtee_object *selftest_from_user(u64 id)
{
	return ERR_PTR(-EBADF);
}

static void selftest_param_types(void)
{
	const struct qtee_param_type type = {
		.host_id = -77,
		.owner = THIS_MODULE,
		.from_user = selftest_from_user,
	};

	CHECK(PTR_ERR(qtee_param_type_object(type.host_id, 3)) == -EINVAL);
	CHECK(!qtee_param_type_register(&type));
	CHECK(qtee_param_type_register(&type) == -EEXIST);
	CHECK(PTR_ERR(qtee_param_type_object(type.host_id, 3)) == -EBADF);
	qtee_param_type_unregister(&type);
	CHECK(PTR_ERR(qtee_param_type_object(type.host_id, 3)) == -EINVAL);
}

static int __init selftest_init(void)
{
	struct qtee_object *env;
	s32 result;
	int ret;

	ret = qtee_client_env_get(&env);
	if (ret)
		return ret;
	ret = qtee_service_open(env, SELFTEST_UID, &selftest_service, &result);
	qtee_object_put(env);
	if (ret || result)
		return ret ?: -ENOENT;

	selftest_clients();
	selftest_refusals();
	selftest_callbacks();
	selftest_ids();
	selftest_extensions();
	selftest_param_types();

	qtee_object_put(selftest_service);
	if (selftest_failures)
		return -EIO;
	pr_info("all is as promised\n");
	return 0;
}

static void __exit selftest_exit(void)
{
}

module_init(selftest_init);
module_exit(selftest_exit);

MODULE_DESCRIPTION("Test of the qtee driver's kernel API");
MODULE_LICENSE("GPL");
