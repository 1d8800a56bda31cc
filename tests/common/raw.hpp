// SPDX-License-Identifier: BSD-3-Clause
//
// The driver's ioctls without the library, which would not let a test do wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "qtee/detail/uapi.hpp"
#include "qtee/file_descriptor.hpp"

namespace qtee::test {

qcom_tee_param param_in(const void* data, std::uint64_t size);
qcom_tee_param param_out(void* data, std::uint64_t size);
/// In the mapping of a message buffer.
qcom_tee_param param_placed(int fd, bool input, std::uint32_t offset, std::uint64_t size);
qcom_tee_param param_object(std::int64_t id, std::int32_t host_id);
qcom_tee_param param_null();
qcom_tee_param param_object_out();

/// Any ioctl of the driver's. 0 or errno.
int raw_ioctl(int fd, unsigned long request, void* argument);

/// One whose buffer is `arg`, of which `size` bytes are told of. 0 or errno.
template <class Arg>
int raw_ioctl_with(int fd, unsigned long request, Arg& arg, std::uint64_t size = sizeof(Arg)) {
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(&arg), size};
  return raw_ioctl(fd, request, &data);
}

/// One INVOKE.
struct RawInvoke {
  RawInvoke(std::uint32_t op, std::initializer_list<qcom_tee_param> params);
  /// With so many parameters, to be filled in.
  RawInvoke(std::uint32_t op, std::size_t count);

  qcom_tee_object_invoke_arg& head() { return *reinterpret_cast<qcom_tee_object_invoke_arg*>(words.data()); }
  qcom_tee_param& param(std::size_t index) { return head().params[index]; }
  /// 0 or errno.
  int invoke(int fd);
  /// The same with another buf_len.
  int invoke(int fd, std::uint64_t buf_len);

  std::vector<std::uint64_t> words;
};

/// One RECEIVE and its REPLY. `size` is the buffer's in bytes, `room` its num_params.
struct RawRequest {
  explicit RawRequest(std::size_t size = 4096, std::uint32_t room = QCOM_TEE_PARAMS_MAX);

  qcom_tee_cb_arg& head() { return *reinterpret_cast<qcom_tee_cb_arg*>(words.data()); }
  qcom_tee_param& param(std::size_t index) { return head().params[index]; }
  /// 0 or errno; `needed` is buf_len after it.
  int receive(int fd);
  /// Answers what was received. 0 or errno.
  int reply(int fd, std::int32_t result = 0);

  std::vector<std::uint64_t> words;
  std::uint32_t room;
  std::uint64_t needed = 0;
};

FileDescriptor root_open();
FileDescriptor server_open(int flags = 0);
/// Whether there is something to RECEIVE within `timeout_ms`.
bool server_wait(int fd, int timeout_ms = 5000);

}  // namespace qtee::test
