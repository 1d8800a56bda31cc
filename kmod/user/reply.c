// SPDX-License-Identifier: GPL-2.0-only
/* REPLY: how a user answers a request. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/uaccess.h>

#include "user.h"

/**
 * struct qtee_user_answer - what a REPLY brings
 * @head: the caller's header, copied once
 * @params: its parameters, copied with it
 */
struct qtee_user_answer {
	struct qcom_tee_cb_arg head;
	struct qcom_tee_param params[QCOM_TEE_PARAMS_MAX];
};

static_assert(offsetof(struct qtee_user_answer, params) == sizeof(struct qcom_tee_cb_arg));

static int qtee_user_answer_add(struct qtee_answer *answer, const struct qcom_tee_param *param)
{
	struct qtee_object *object;

	if (param->attr == QCOM_TEE_BUFFER && !param->direction)
		return qtee_answer_add_buffer(answer, u64_to_user_ptr(param->buffer.addr), param->buffer.len);
	if (param->direction)
		return qtee_answer_add(answer, param->attr == QCOM_TEE_BUFFER ? QTEE_ARG_IB : QTEE_ARG_IO);
	object = qtee_user_param_object(param);
	if (IS_ERR(object))
		return PTR_ERR(object);
	return qtee_answer_add_object(answer, object);
}

/* Reads the answer. Returns 0 or an errno; in either case the objects have to be dropped. */
static noinline_for_stack int qtee_user_answer_read(struct qtee_answer *answer, const void __user *buf, u64 len)
{
	struct qtee_user_answer user;
	size_t size;
	u32 i;
	int ret;

	if (len < sizeof(user.head))
		return -EINVAL;
	size = min_t(u64, len, sizeof(user));
	if (copy_from_user(&user, buf, size))
		return -EFAULT;
	answer->request = user.head.request_id;
	answer->result = user.head.result;
	if (answer->result)
		return 0;
	if (user.head.num_params > QCOM_TEE_PARAMS_MAX ||
	    size < sizeof(user.head) + user.head.num_params * sizeof(user.params[0]))
		return -EINVAL;

	for (i = 0; i < user.head.num_params; i++) {
		ret = qtee_user_answer_add(answer, &user.params[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * qtee_user_reply() - answer a request
 * @server: the server
 * @buf: user address of a struct qcom_tee_cb_arg
 * @len: bytes there; what lies behind the parameters is the server's own affair
 *
 * Return: as QCOM_TEE_IOCTL_REPLY says.
 */
int qtee_user_reply(struct qtee_server *server, void __user *buf, u64 len)
{
	struct qtee_answer answer;
	int ret;

	answer.count = 0;
	answer.buffers = 0;
	answer.objects = 0;
	ret = qtee_user_answer_read(&answer, buf, len);
	if (!ret)
		return qtee_server_reply(server, &answer);
	qtee_answer_drop(&answer);
	return ret;
}
