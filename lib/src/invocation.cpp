// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/invocation.hpp"

#include <cerrno>
#include <stdexcept>

#include "system_error.hpp"

namespace qtee {

Invocation::~Invocation() {
  if (state_ != State::answered) return;
  for (std::size_t i = 0; i < object_count_; ++i) {
    qcom_tee_param& param = frame_[objects_[i]];
    bool fits = true;
    detail::param_take_object(param, fits);
  }
}

qcom_tee_param& Invocation::next() {
  if (frame_.size() == QCOM_TEE_PARAMS_MAX) throw std::length_error("an invocation has room for 60 parameters");
  return frame_.next();
}

Invocation& Invocation::use(const MessageBuffer& buffer) noexcept {
  buffer_fd_ = buffer.fd();
  buffer_ = buffer.bytes();
  return *this;
}

void Invocation::set_buffer(qcom_tee_param& param, bool input, std::span<const std::byte> bytes) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(buffer_.data());
  const auto at = reinterpret_cast<std::uintptr_t>(bytes.data());
  if (bytes.empty() || at < begin || at - begin >= buffer_.size() || bytes.size() > buffer_.size() - (at - begin)) {
    detail::param_set_buffer(param, input, bytes.data(), bytes.size());
    return;
  }
  param = {};
  param.attr = QCOM_TEE_BUFFER_PLACED;
  param.direction = input ? 1 : 0;
  param.placed.fd = buffer_fd_;
  param.placed.offset = static_cast<std::uint32_t>(at - begin);
  param.placed.len = bytes.size();
}

Invocation& Invocation::input(std::span<const std::byte> bytes) {
  set_buffer(next(), true, bytes);
  return *this;
}

Invocation& Invocation::input(const Object& object) {
  detail::param_set_object(next(), object);
  return *this;
}

Invocation& Invocation::input(const MemoryObject& object) {
  detail::param_set_object(next(), object);
  return *this;
}

Invocation& Invocation::input(const CallbackObject& object) {
  detail::param_set_object(next(), object);
  return *this;
}

Invocation& Invocation::input(const AnyObject& object) {
  detail::param_set_object(next(), object);
  return *this;
}

Invocation& Invocation::input(std::nullptr_t) {
  detail::param_set_null(next(), true);
  return *this;
}

Invocation& Invocation::output(std::span<std::byte> memory) {
  qcom_tee_param& param = next();
  outputs_[output_count_++] = static_cast<std::uint8_t>(frame_.size() - 1);
  set_buffer(param, false, memory);
  return *this;
}

Invocation& Invocation::output_object() {
  qcom_tee_param& param = next();
  objects_[object_count_++] = static_cast<std::uint8_t>(frame_.size() - 1);
  detail::param_set_null(param, false);
  return *this;
}

std::error_code Invocation::invoke(const Object& object) noexcept {
  if (state_ != State::building) return std::make_error_code(std::errc::connection_already_in_progress);
  const std::error_code error = frame_.invoke(object.fd());
  state_ = error ? State::failed : State::answered;
  return error;
}

std::span<std::byte> Invocation::written(std::size_t index) const {
  if (state_ != State::answered || index >= output_count_) throw std::out_of_range("output buffer of an invocation");
  const qcom_tee_param& param = const_cast<Invocation*>(this)->frame_[outputs_[index]];
  if (param.attr == QCOM_TEE_BUFFER_PLACED)
    return buffer_.subspan(param.placed.offset, static_cast<std::size_t>(param.placed.len));
  return detail::param_memory(param);
}

AnyObject Invocation::take_object(std::size_t index) {
  if (state_ != State::answered || index >= object_count_) throw std::out_of_range("output object of an invocation");
  qcom_tee_param& param = frame_[objects_[index]];
  bool fits = true;
  AnyObject object = detail::param_take_object(param, fits);
  detail::param_set_null(param, false);
  if (!fits) throw_errno(EBADMSG, "take an output object");
  return object;
}

}  // namespace qtee
