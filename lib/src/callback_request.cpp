// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/callback_request.hpp"

#include <algorithm>

#include "qtee/detail/param.hpp"
#include "qtee/detail/uapi.hpp"

namespace qtee {

CallbackRequest::CallbackRequest(OpCode op, std::span<const qcom_tee_param> params,
                                 std::vector<std::byte>& arena) noexcept
    : op_(op), arena_(arena) {
  for (const qcom_tee_param& param : params) {
    if (param.attr == QCOM_TEE_BUFFER && param.direction != 0) {
      if (input_count_ == kPerKind) {
        valid_ = false;
        continue;
      }
      inputs_[input_count_++] = detail::param_memory(param);
    } else if (param.attr == QCOM_TEE_BUFFER) {
      if (output_count_ == kPerKind) {
        valid_ = false;
        continue;
      }
      OutputSlot& slot = outputs_[output_count_++];
      slot.capacity = static_cast<std::size_t>(param.buffer.len);
      slot.arena_offset = arena_size_;
      arena_size_ += (slot.capacity + 7) / 8 * 8;
    } else if (param.direction != 0) {
      // Taken even when it is one too many: an fd that came must be closed.
      bool fits = true;
      AnyObject object = detail::param_take_object(param, fits);
      valid_ = valid_ && fits && input_object_count_ < kPerKind;
      if (input_object_count_ < kPerKind) input_objects_[input_object_count_++] = std::move(object);
    } else {
      if (output_object_count_ == kPerKind) valid_ = false;
      if (output_object_count_ < kPerKind) ++output_object_count_;
    }
  }
}

void CallbackRequest::expect(std::size_t inputs, std::size_t outputs, std::size_t input_objects,
                             std::size_t output_objects) const {
  if (inputs != input_count_ || outputs != output_count_ || input_objects != input_object_count_ ||
      output_objects != output_object_count_) {
    throw Error(Result::invalid);
  }
}

std::span<const std::byte> CallbackRequest::input(std::size_t index) const {
  if (index >= input_count_) throw Error(Result::invalid);
  return inputs_[index];
}

CallbackRequest::OutputSlot& CallbackRequest::slot(std::size_t index) {
  if (index >= output_count_) throw Error(Result::invalid);
  return outputs_[index];
}

std::size_t CallbackRequest::output_capacity(std::size_t index) const {
  if (index >= output_count_) throw Error(Result::invalid);
  return outputs_[index].capacity;
}

std::span<std::byte> CallbackRequest::output(std::size_t index) {
  OutputSlot& output = slot(index);
  // All outputs at once, so that the memory never moves under a span that was given before.
  if (arena_.size() < arena_size_) arena_.resize(arena_size_);
  output.data = arena_.data() + output.arena_offset;
  return {arena_.data() + output.arena_offset, output.capacity};
}

void CallbackRequest::set_output_size(std::size_t index, std::size_t size) {
  OutputSlot& output = slot(index);
  if (size > output.capacity) throw Error(Result::size_out);
  output.size = size;
}

void CallbackRequest::set_output(std::size_t index, std::span<const std::byte> bytes) {
  set_output_size(index, bytes.size());
  std::ranges::copy(bytes, output(index).begin());
}

void CallbackRequest::lend_output(std::size_t index, std::span<const std::byte> bytes) {
  set_output_size(index, bytes.size());
  slot(index).data = bytes.data();
}

AnyObject CallbackRequest::take_object(std::size_t index) {
  if (index >= input_object_count_) throw Error(Result::invalid);
  return std::exchange(input_objects_[index], AnyObject());
}

void CallbackRequest::set_object(std::size_t index, AnyObject object) {
  if (index >= output_object_count_) throw Error(Result::invalid);
  output_objects_[index] = std::move(object);
}

void CallbackRequest::fill_reply(std::span<qcom_tee_param> params) const {
  std::size_t output = 0;
  std::size_t object = 0;
  for (qcom_tee_param& param : params) {
    if (param.direction != 0) continue;
    if (param.attr == QCOM_TEE_BUFFER) {
      const OutputSlot& slot = outputs_[output++];
      param.buffer.addr = reinterpret_cast<std::uintptr_t>(slot.data);
      param.buffer.len = slot.data != nullptr ? slot.size : 0;
    } else {
      detail::param_set_object(param, output_objects_[object++]);
      param.direction = 0;
    }
  }
}

}  // namespace qtee
