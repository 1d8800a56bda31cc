// SPDX-License-Identifier: GPL-2.0-only
/*
 * REPLY: a server thread answers a request.
 *
 * Output buffers go straight from the server's memory to the invoker's message. As in RECEIVE that copy does not
 * fault; where it would, the memory is faulted in while nobody waits for us, and all begins again.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "user.h"

/**
 * struct qtee_user_answer - a REPLY under way
 * @head: the caller's header, copied once
 * @params: its parameters, copied with it
 * @object: its output objects, with references, in order
 * @objects: how many there are
 */
struct qtee_user_answer {
	struct qcom_tee_cb_arg head;
	struct qcom_tee_param params[QCOM_TEE_PARAMS_MAX];
	struct qtee_object *object[QTEE_ARGS_PER_KIND];
	unsigned int objects;
};

static_assert(offsetof(struct qtee_user_answer, params) == sizeof(struct qcom_tee_cb_arg));

/* Takes the output objects. Callback objects among them are quiet until the answer is accepted. */
static int qtee_user_answer_objects(struct qtee_user_answer *answer)
{
	struct qtee_object *object;
	unsigned int i;

	for (i = 0; i < answer->head.num_params; i++) {
		const struct qcom_tee_param *param = &answer->params[i];

		if (param->attr == QCOM_TEE_BUFFER || param->direction)
			continue;
		if (answer->objects == QTEE_ARGS_PER_KIND)
			return -E2BIG;
		object = qtee_user_param_object(param);
		if (IS_ERR(object))
			return PTR_ERR(object);
		if (qtee_user_callback_from(object))
			qtee_user_callback_from(object)->quiet = true;
		answer->object[answer->objects++] = object;
	}
	return 0;
}

static void qtee_user_answer_drop(struct qtee_user_answer *answer)
{
	while (answer->objects)
		qtee_object_put(answer->object[--answer->objects]);
}

/* Whether the parameters are those of the request, one by one, and no output is larger than it may be. */
static bool qtee_user_answer_fits(const struct qtee_user_answer *answer, const struct qtee_args *args)
{
	unsigned int i;

	if (answer->head.num_params != args->count)
		return false;
	for (i = 0; i < args->count; i++) {
		const struct qcom_tee_param *param = &answer->params[i];
		const struct qtee_arg *arg = &args->arg[i];
		bool input = arg->kind == QTEE_ARG_IB || arg->kind == QTEE_ARG_IO;

		if ((param->attr == QCOM_TEE_BUFFER) != (arg->kind <= QTEE_ARG_OB) || !!param->direction != input)
			return false;
		if (arg->kind == QTEE_ARG_OB && param->buffer.len > arg->buffer.size)
			return false;
	}
	return true;
}

/* Copies the output buffers, without faulting. Returns 0 or -EFAULT. */
static int qtee_user_answer_payload(const struct qtee_user_answer *answer, const struct qtee_args *args)
{
	unsigned int i;
	int ret = 0;

	pagefault_disable();
	for (i = 0; i < args->count && !ret; i++) {
		const struct qcom_tee_param *param = &answer->params[i];
		const void __user *from = u64_to_user_ptr(param->buffer.addr);

		if (args->arg[i].kind != QTEE_ARG_OB)
			continue;
		if (!access_ok(from, param->buffer.len) ||
		    __copy_from_user_inatomic(args->arg[i].buffer.addr, from, param->buffer.len))
			ret = -EFAULT;
	}
	pagefault_enable();
	return ret;
}

/* Faults the output buffers in. Returns 0 or -EFAULT. */
static int qtee_user_answer_fault(const struct qtee_user_answer *answer)
{
	unsigned int i;

	for (i = 0; i < answer->head.num_params; i++) {
		const struct qcom_tee_param *param = &answer->params[i];

		if (param->attr == QCOM_TEE_BUFFER && !param->direction &&
		    fault_in_readable(u64_to_user_ptr(param->buffer.addr), param->buffer.len))
			return -EFAULT;
	}
	return 0;
}

/* Puts sizes, objects and result where the invoker will find them. The lock is held, and the request is in process. */
static void qtee_user_answer_give(struct qtee_user_answer *answer, struct qtee_args *args)
{
	struct qtee_user_object *callback;
	unsigned int i, object = 0;

	args->result = answer->head.result;
	for (i = 0; i < args->count && !args->result; i++) {
		struct qtee_arg *arg = &args->arg[i];

		if (arg->kind == QTEE_ARG_OB)
			arg->buffer.size = answer->params[i].buffer.len;
		if (arg->kind != QTEE_ARG_OO)
			continue;
		arg->object = answer->object[object++];
		callback = qtee_user_callback_from(arg->object);
		if (callback)
			callback->quiet = false;
	}
	if (!args->result)
		answer->objects = 0;
}

/* The request of an id, if it waits for its answer and nobody else is busy with it; then we are. */
static struct qtee_user_request *qtee_user_answer_claim(struct qtee_user_server *server, u32 id)
{
	struct qtee_user_request *request;

	spin_lock(&server->lock);
	request = xa_load(&server->requests, id);
	if (request && (request->state != QTEE_USER_PROCESSING || request->busy))
		request = NULL;
	if (request) {
		request->busy = true;
		refcount_inc(&request->refs);
	}
	spin_unlock(&server->lock);
	return request;
}

/* Answers the request. Returns 0; -EAGAIN when the caller's memory was faulted in and it should be tried again. */
static int qtee_user_answer_try(struct qtee_user_server *server, struct qtee_user_answer *answer)
{
	struct qtee_user_request *request = qtee_user_answer_claim(server, answer->head.request_id);
	int ret = 0;

	if (!request)
		return -ENOENT;

	if (!answer->head.result) {
		if (!qtee_user_answer_fits(answer, request->args))
			ret = -EINVAL;
		else
			ret = qtee_user_answer_payload(answer, request->args);
	}

	if (!ret) {
		spin_lock(&server->lock);
		if (request->state == QTEE_USER_PROCESSING) {
			qtee_user_answer_give(answer, request->args);
			request->state = QTEE_USER_PROCESSED;
		} else {
			ret = -ENOENT;
		}
		spin_unlock(&server->lock);
	}
	qtee_user_request_idle(server, request, false);

	if (ret == -EFAULT && !qtee_user_answer_fault(answer))
		ret = -EAGAIN;
	return ret;
}

/**
 * qtee_user_reply() - answer a request
 * @server: the server
 * @buf: user address of a struct qcom_tee_cb_arg
 * @len: bytes there; what lies behind the parameters is the server's own affair
 *
 * Return: as QCOM_TEE_IOCTL_REPLY says.
 */
int qtee_user_reply(struct qtee_user_server *server, void __user *buf, u64 len)
{
	struct qtee_user_answer answer;
	size_t size;
	int ret;

	answer.objects = 0;
	if (len < sizeof(answer.head))
		return -EINVAL;
	size = min_t(u64, len, offsetof(struct qtee_user_answer, object));
	if (copy_from_user(&answer, buf, size))
		return -EFAULT;
	if (answer.head.result) {
		answer.head.num_params = 0;
	} else if (answer.head.num_params > QCOM_TEE_PARAMS_MAX ||
		   size < sizeof(answer.head) + answer.head.num_params * sizeof(answer.params[0])) {
		return -EINVAL;
	}

	ret = qtee_user_answer_objects(&answer);
	if (!ret) {
		do
			ret = qtee_user_answer_try(server, &answer);
		while (ret == -EAGAIN && !signal_pending(current));
		if (ret == -EAGAIN)
			ret = -EINTR;
	}
	qtee_user_answer_drop(&answer);
	return ret;
}
