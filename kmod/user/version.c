// SPDX-License-Identifier: GPL-2.0-only
/* What the user API can do. */
#include <linux/errno.h>
#include <linux/uaccess.h>

#include "user.h"

#define QTEE_USER_API_VERSION	1

/* VERSION. Returns as QCOM_TEE_IOCTL_VERSION says. */
long qtee_user_version(const struct qcom_tee_ioctl_data *data)
{
	const struct qcom_tee_version_arg version = {
		.version = QTEE_USER_API_VERSION,
		.features = QCOM_TEE_FEATURE_REPLY_RECEIVE | QCOM_TEE_FEATURE_SERVER_TIMEOUT |
			    QCOM_TEE_FEATURE_MESSAGE_BUFFER | qtee_param_type_features(),
	};

	if (data->buf_len < sizeof(version))
		return -EINVAL;
	return copy_to_user(u64_to_user_ptr(data->buf_ptr), &version, sizeof(version)) ? -EFAULT : 0;
}
