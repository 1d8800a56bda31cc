// SPDX-License-Identifier: BSD-3-Clause
#include "raw.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace qtee::test {

qcom_tee_param param_in(const void* data, std::uint64_t size) {
  qcom_tee_param param{};
  param.attr = QCOM_TEE_BUFFER;
  param.direction = 1;
  param.buffer.addr = reinterpret_cast<std::uintptr_t>(data);
  param.buffer.len = size;
  return param;
}

qcom_tee_param param_out(void* data, std::uint64_t size) {
  qcom_tee_param param = param_in(data, size);
  param.direction = 0;
  return param;
}

qcom_tee_param param_object(std::int64_t id, std::int32_t host_id) {
  qcom_tee_param param{};
  param.attr = QCOM_TEE_OBJECT;
  param.direction = 1;
  param.object.id = static_cast<std::uint64_t>(id);
  param.object.host_id = host_id;
  return param;
}

qcom_tee_param param_null() {
  qcom_tee_param param{};
  param.attr = QCOM_TEE_OBJECT_NULL;
  param.direction = 1;
  return param;
}

qcom_tee_param param_object_out() {
  qcom_tee_param param{};
  param.attr = QCOM_TEE_OBJECT;
  return param;
}

qcom_tee_param param_placed(int fd, bool input, std::uint32_t offset, std::uint64_t size) {
  qcom_tee_param param{};
  param.attr = QCOM_TEE_BUFFER_PLACED;
  param.direction = input ? 1 : 0;
  param.placed.fd = fd;
  param.placed.offset = offset;
  param.placed.len = size;
  return param;
}

int raw_ioctl(int fd, unsigned long request, void* argument) { return ::ioctl(fd, request, argument) < 0 ? errno : 0; }

RawInvoke::RawInvoke(std::uint32_t op, std::size_t count)
    : words((sizeof(qcom_tee_object_invoke_arg) + count * sizeof(qcom_tee_param)) / 8) {
  head().op = op;
  head().num_params = static_cast<std::uint32_t>(count);
}

RawInvoke::RawInvoke(std::uint32_t op, std::initializer_list<qcom_tee_param> params) : RawInvoke(op, params.size()) {
  std::size_t index = 0;
  for (const qcom_tee_param& each : params) param(index++) = each;
}

int RawInvoke::invoke(int fd) { return invoke(fd, words.size() * 8); }

int RawInvoke::invoke(int fd, std::uint64_t buf_len) {
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(words.data()), buf_len};
  return raw_ioctl(fd, QCOM_TEE_IOCTL_INVOKE, &data);
}

RawRequest::RawRequest(std::size_t size, std::uint32_t params) : words((size + 7) / 8), room(params) {}

int RawRequest::receive(int fd) {
  head().num_params = room;
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(words.data()), words.size() * 8};
  const int error = raw_ioctl(fd, QCOM_TEE_IOCTL_RECEIVE, &data);
  needed = data.buf_len;
  return error;
}

int RawRequest::reply(int fd, std::int32_t result) {
  head().result = result;
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(words.data()),
                           sizeof(qcom_tee_cb_arg) + head().num_params * sizeof(qcom_tee_param)};
  return raw_ioctl(fd, QCOM_TEE_IOCTL_REPLY, &data);
}

FileDescriptor root_open() { return FileDescriptor(::open("/dev/qtee", O_RDWR | O_CLOEXEC)); }

FileDescriptor server_open(int flags) { return FileDescriptor(::open("/dev/qtee-ree", O_RDWR | O_CLOEXEC | flags)); }

bool server_wait(int fd, int timeout_ms) {
  pollfd state{fd, POLLIN, 0};
  return ::poll(&state, 1, timeout_ms) == 1 && (state.revents & POLLIN) != 0;
}

}  // namespace qtee::test
