// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/detail/param.hpp"

#include <cerrno>

#include "callback_state.hpp"
#include "qtee/error.hpp"
#include "qtee/invocation.hpp"
#include "qtee/transport.hpp"

namespace qtee::detail {
namespace {

// Errors that the driver gives before anything can have reached QTEE. With any other a callback object's reference may
// be QTEE's, and stays until its release is heard of.
bool error_is_before_sending(int error) noexcept {
  switch (error) {
    case EINVAL:
    case E2BIG:
    case EMSGSIZE:
    case EBADF:
    case EAGAIN:
    case ENOTTY:
      return true;
    default:
      return false;
  }
}

}  // namespace

void param_set_buffer(qcom_tee_param& param, bool input, const void* data, std::size_t size) noexcept {
  param.attr = QCOM_TEE_BUFFER;
  param.direction = input ? 1 : 0;
  param.buffer.addr = reinterpret_cast<std::uintptr_t>(data);
  param.buffer.len = size;
}

std::span<std::byte> param_memory(const qcom_tee_param& param) noexcept {
  // Both fields are wider than a 32-bit process needs: the driver keeps to memory that was offered.
  return {reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(param.buffer.addr)),
          static_cast<std::size_t>(param.buffer.len)};
}

void param_set_null(qcom_tee_param& param, bool input) noexcept {
  param.attr = QCOM_TEE_OBJECT_NULL;
  param.direction = input ? 1 : 0;
}

static void param_set_fd(qcom_tee_param& param, int fd, std::int32_t host) noexcept {
  param.attr = QCOM_TEE_OBJECT;
  param.direction = 1;
  param.object.id = static_cast<std::uint64_t>(static_cast<std::int64_t>(fd));
  param.object.host_id = host;
}

void param_set_object(qcom_tee_param& param, const Object& object) noexcept {
  if (!object) return param_set_null(param, true);
  param_set_fd(param, object.fd(), QCOM_TEE_OBJECT_SECURE);
}

void param_set_object(qcom_tee_param& param, const MemoryObject& object) noexcept {
  if (!object) return param_set_null(param, true);
  param_set_fd(param, object.fd(), QCOM_TEE_MEMORY_OBJECT);
}

void param_set_object(qcom_tee_param& param, const CallbackObject& object) {
  if (!object) return param_set_null(param, true);
  const CallbackTransfer transfer = CallbackTransfer::begin(object);
  param.attr = QCOM_TEE_OBJECT;
  param.direction = 1;
  param.object.id = transfer.id;
  param.object.host_id = transfer.server_fd;
}

void param_set_object(qcom_tee_param& param, const AnyObject& object) {
  std::visit(
      [&](const auto& held) {
        if constexpr (std::is_same_v<decltype(held), const std::monostate&>) {
          param_set_null(param, true);
        } else {
          param_set_object(param, held);
        }
      },
      object);
}

AnyObject param_take_object(const qcom_tee_param& param, bool& fits) noexcept {
  if (param.attr == QCOM_TEE_OBJECT_NULL) return {};
  if (param.attr != QCOM_TEE_OBJECT) {
    fits = false;
    return {};
  }
  if (param.object.host_id >= 0) {
    CallbackObject own = CallbackTransfer::find(param.object.host_id, param.object.id);
    if (own) return own;
    fits = false;
    return {};
  }
  if (param.object.id > INT32_MAX) {
    fits = false;
    return {};
  }
  FileDescriptor fd(static_cast<int>(param.object.id));
  if (param.object.host_id == QCOM_TEE_OBJECT_SECURE) return Object(std::move(fd));
  if (param.object.host_id == QCOM_TEE_MEMORY_OBJECT) {
    try {
      return MemoryObject(std::move(fd));
    } catch (const std::system_error&) {
    }
  }
  fits = false;
  return {};
}

void params_cancel(std::span<qcom_tee_param> params) noexcept {
  for (const qcom_tee_param& param : params) {
    if (param.attr == QCOM_TEE_OBJECT && param.direction != 0 && param.object.host_id >= 0) {
      CallbackTransfer::cancel(param.object.host_id, param.object.id);
    }
  }
}

std::error_code frame_invoke(int fd, void* frame, std::size_t size) noexcept {
  auto* header = static_cast<FrameHeader*>(frame);
  qcom_tee_ioctl_data data{};
  data.buf_ptr = reinterpret_cast<std::uintptr_t>(frame);
  data.buf_len = size;
  const int status = Transport::current().ioctl(fd, QCOM_TEE_IOCTL_INVOKE, &data);
  if (status < 0) {
    auto* params = reinterpret_cast<qcom_tee_param*>(header + 1);
    if (error_is_before_sending(-status)) params_cancel(std::span(params, header->num_params));
    return {-status, std::generic_category()};
  }
  if (header->result != 0) return make_error_code(static_cast<Result>(header->result));
  return {};
}

void throw_invoke(const std::error_code& error, OpCode op) {
  throw_error(error, "invoke operation " + std::to_string(op.value()));
}

}  // namespace qtee::detail
