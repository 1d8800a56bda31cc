// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "qtee/any_object.hpp"
#include "qtee/error.hpp"
#include "qtee/op_code.hpp"

struct qcom_tee_param;

namespace qtee {

namespace detail {
class CallbackWorker;
}

/// One request to an object of ours, while its handler runs: inputs to read, outputs to fill. Indices count within a
/// kind; an index out of range, or a size that does not fit, throws the Error that answers it: INVALID, SIZE_IN or
/// SIZE_OUT. For the thread that the handler was called on.
class CallbackRequest final {
 public:
  CallbackRequest(const CallbackRequest&) = delete;
  CallbackRequest& operator=(const CallbackRequest&) = delete;

  OpCode op() const noexcept { return op_; }

  std::size_t input_count() const noexcept { return input_count_; }
  std::size_t output_count() const noexcept { return output_count_; }
  std::size_t input_object_count() const noexcept { return input_object_count_; }
  std::size_t output_object_count() const noexcept { return output_object_count_; }
  /// Throws Error(INVALID) unless these are the counts.
  void expect(std::size_t inputs, std::size_t outputs, std::size_t input_objects, std::size_t output_objects) const;

  /// An input buffer, valid until the handler returns.
  std::span<const std::byte> input(std::size_t index) const;
  /// An input buffer that is exactly a T.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  T input(std::size_t index) const {
    const std::span<const std::byte> bytes = input(index);
    if (bytes.size() != sizeof(T)) throw Error(Result::size_in);
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  /// The most that an output buffer can hold.
  std::size_t output_capacity(std::size_t index) const;
  /// Memory for all that the output buffer can hold, valid until the handler returns; what counts as written is said
  /// with set_output_size().
  std::span<std::byte> output(std::size_t index);
  void set_output_size(std::size_t index, std::size_t size);
  /// Copies `bytes` into the output buffer.
  void set_output(std::size_t index, std::span<const std::byte> bytes);
  template <class T>
    requires(std::is_trivially_copyable_v<T> && !std::is_convertible_v<const T&, std::span<const std::byte>>)
  void set_output(std::size_t index, const T& value) {
    set_output(index, std::as_bytes(std::span(&value, 1)));
  }
  /// Answers with `bytes` where they are; they must outlive the reply, so they are not the handler's locals.
  void lend_output(std::size_t index, std::span<const std::byte> bytes);

  /// An input object; the handler becomes its owner. What it does not take is released after the reply.
  AnyObject take_object(std::size_t index);
  /// An input object of one kind, or none. Throws Error(BADOBJ) for another kind.
  template <class T>
  T take_object(std::size_t index) {
    AnyObject object = take_object(index);
    if (std::holds_alternative<std::monostate>(object)) return T();
    if (auto* same = std::get_if<T>(&object)) return std::move(*same);
    throw Error(Result::bad_object);
  }

  /// An output object; unset ones are NULL.
  void set_object(std::size_t index, AnyObject object);

 private:
  friend class detail::CallbackWorker;
  static constexpr std::size_t kPerKind = 15;

  struct OutputSlot {
    std::size_t capacity = 0;
    std::size_t arena_offset = 0;
    const std::byte* data = nullptr;
    std::size_t size = 0;
  };

  /// Sorts `params` by kind and takes the objects. `arena` is the worker's memory for outputs.
  CallbackRequest(OpCode op, std::span<const qcom_tee_param> params, std::vector<std::byte>& arena) noexcept;
  bool valid() const noexcept { return valid_; }
  /// Fills outputs into the parameters of the reply. Throws what passing a callback object does.
  void fill_reply(std::span<qcom_tee_param> params) const;

  OutputSlot& slot(std::size_t index);

  OpCode op_;
  bool valid_ = true;
  std::uint8_t input_count_ = 0;
  std::uint8_t output_count_ = 0;
  std::uint8_t input_object_count_ = 0;
  std::uint8_t output_object_count_ = 0;
  std::array<std::span<const std::byte>, kPerKind> inputs_;
  std::array<OutputSlot, kPerKind> outputs_;
  std::array<AnyObject, kPerKind> input_objects_;
  std::array<AnyObject, kPerKind> output_objects_;
  std::vector<std::byte>& arena_;
  std::size_t arena_size_ = 0;
};

}  // namespace qtee
