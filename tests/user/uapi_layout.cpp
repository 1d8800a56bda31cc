// SPDX-License-Identifier: BSD-3-Clause
//
// What misc/qcom_tee.h promises: the same layouts and command numbers for every caller. Compiled for 64- and 32-bit Arm
// and, on the PC, for x86-64 and i386, where a 64-bit word needs an alignment of 4 only. Needs no C library's headers.
#include <misc/qcom_tee.h>
#include <stddef.h>

static_assert(sizeof(qcom_tee_param) == 24);
static_assert(offsetof(qcom_tee_param, attr) == 0);
static_assert(offsetof(qcom_tee_param, direction) == 4);
static_assert(offsetof(qcom_tee_param, object.id) == 8);
static_assert(offsetof(qcom_tee_param, object.host_id) == 16);
static_assert(offsetof(qcom_tee_param, buffer.addr) == 8);
static_assert(offsetof(qcom_tee_param, buffer.len) == 16);

static_assert(sizeof(qcom_tee_object_invoke_arg) == 16);
static_assert(offsetof(qcom_tee_object_invoke_arg, op) == 0);
static_assert(offsetof(qcom_tee_object_invoke_arg, result) == 4);
static_assert(offsetof(qcom_tee_object_invoke_arg, num_params) == 8);
static_assert(offsetof(qcom_tee_object_invoke_arg, params) == 16);

static_assert(sizeof(qcom_tee_cb_arg) == 24);
static_assert(offsetof(qcom_tee_cb_arg, id) == 0);
static_assert(offsetof(qcom_tee_cb_arg, request_id) == 8);
static_assert(offsetof(qcom_tee_cb_arg, op) == 12);
static_assert(offsetof(qcom_tee_cb_arg, result) == 16);
static_assert(offsetof(qcom_tee_cb_arg, num_params) == 20);
static_assert(offsetof(qcom_tee_cb_arg, params) == 24);

static_assert(sizeof(qcom_tee_ioctl_data) == 16);
static_assert(offsetof(qcom_tee_ioctl_data, buf_ptr) == 0);
static_assert(offsetof(qcom_tee_ioctl_data, buf_len) == 8);

static_assert(sizeof(qcom_tee_version_arg) == 8);
static_assert(sizeof(qcom_tee_server_arg) == 8);
static_assert(sizeof(qcom_tee_reply_receive_arg) == 32);
static_assert(offsetof(qcom_tee_reply_receive_arg, reply_len) == 8);
static_assert(offsetof(qcom_tee_reply_receive_arg, receive_ptr) == 16);
static_assert(offsetof(qcom_tee_reply_receive_arg, receive_len) == 24);

static_assert(QCOM_TEE_IOCTL_INVOKE == 0xC0105100);
static_assert(QCOM_TEE_IOCTL_RECEIVE == 0xC0105101);
static_assert(QCOM_TEE_IOCTL_REPLY == 0xC0105102);
static_assert(QCOM_TEE_IOCTL_VERSION == 0xC0105103);
static_assert(QCOM_TEE_IOCTL_REPLY_RECEIVE == 0xC0105104);
static_assert(QCOM_TEE_IOCTL_SERVER == 0xC0105105);
