// SPDX-License-Identifier: BSD-3-Clause
//
// From C++ values to the driver's parameters and back. Not for direct use.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <system_error>
#include <tuple>
#include <type_traits>

#include "qtee/any_object.hpp"
#include "qtee/detail/uapi.hpp"
#include "qtee/output.hpp"

namespace qtee::detail {

template <class... Outs>
struct Values {
  using type = std::tuple<Outs...>;
};
template <>
struct Values<> {
  using type = void;
};
template <class Out>
struct Values<Out> {
  using type = Out;
};

template <class T>
inline constexpr bool is_object_v = std::is_same_v<T, Object> || std::is_same_v<T, MemoryObject> ||
                                    std::is_same_v<T, CallbackObject> || std::is_same_v<T, AnyObject>;

void param_set_buffer(qcom_tee_param& param, bool input, const void* data, std::size_t size) noexcept;
/// This process's memory that a buffer parameter from the driver describes.
std::span<std::byte> param_memory(const qcom_tee_param& param) noexcept;
void param_set_null(qcom_tee_param& param, bool input) noexcept;
void param_set_object(qcom_tee_param& param, const Object& object) noexcept;
void param_set_object(qcom_tee_param& param, const MemoryObject& object) noexcept;
/// Registers one more reference of QTEE's; throws std::system_error with EBADF when the server has stopped.
void param_set_object(qcom_tee_param& param, const CallbackObject& object);
void param_set_object(qcom_tee_param& param, const AnyObject& object);

/// Takes what an output object parameter, or a server's input object, names. `fits` becomes false when it is nothing
/// that can be had; whatever fd came is owned or closed.
AnyObject param_take_object(const qcom_tee_param& param, bool& fits) noexcept;

/// Takes back the references that callback objects among the inputs gave.
void params_cancel(std::span<qcom_tee_param> params) noexcept;

/// One INVOKE. Answers the driver's errno, or QTEE's result, or no error. When the driver surely gave QTEE nothing, the
/// callback objects' references are taken back.
std::error_code frame_invoke(int fd, void* frame, std::size_t size) noexcept;

struct FrameHeader {
  std::uint32_t op;
  std::int32_t result;
  std::uint32_t num_params;
  std::uint32_t pad;
};
static_assert(sizeof(FrameHeader) == sizeof(qcom_tee_object_invoke_arg));

/// What INVOKE takes, on the stack.
template <std::size_t kCapacity>
class Frame final {
 public:
  explicit Frame(std::uint32_t op) noexcept : header_{op, 0, 0, 0} {}
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() {
    if (!invoked_) params_cancel(params());
  }

  qcom_tee_param& next() noexcept {
    qcom_tee_param& param = params_[header_.num_params++];
    param = {};
    return param;
  }
  std::uint32_t size() const noexcept { return header_.num_params; }
  qcom_tee_param& operator[](std::size_t index) noexcept { return params_[index]; }
  std::span<qcom_tee_param> params() noexcept { return std::span(params_.data(), header_.num_params); }

  std::error_code invoke(int fd) noexcept {
    invoked_ = true;
    return frame_invoke(fd, this, sizeof(FrameHeader) + header_.num_params * sizeof(qcom_tee_param));
  }

 private:
  FrameHeader header_;
  std::array<qcom_tee_param, kCapacity == 0 ? 1 : kCapacity> params_;
  bool invoked_ = false;
};

template <class T>
concept ByteRange =
    std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    std::is_trivially_copyable_v<std::ranges::range_value_t<T>> && !std::is_pointer_v<std::ranges::range_value_t<T>>;

template <class Arg>
void param_set(qcom_tee_param& param, Arg& argument) {
  using T = std::remove_cv_t<Arg>;
  if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
    param_set_null(param, true);
  } else if constexpr (is_object_v<T>) {
    param_set_object(param, argument);
  } else if constexpr (std::is_same_v<T, Output>) {
    param_set_buffer(param, false, argument.memory().data(), argument.memory().size());
  } else if constexpr (std::is_same_v<T, OutputObject>) {
    param_set_null(param, false);
  } else if constexpr (ByteRange<Arg>) {
    param_set_buffer(param, true, std::ranges::data(argument),
                     std::ranges::size(argument) * sizeof(std::ranges::range_value_t<Arg>));
  } else {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>,
                  "an input is an object, a range of trivially copyable elements, or trivially copyable itself");
    param_set_buffer(param, true, &argument, sizeof(T));
  }
}

/// Completes an argument after success; false when the answer does not fit it.
template <class Arg>
bool param_finish(const qcom_tee_param& param, Arg& argument) noexcept {
  using T = std::remove_cv_t<Arg>;
  if constexpr (std::is_same_v<T, Output>) {
    if (param.buffer.len > argument.memory().size()) return false;
    argument.set_size(static_cast<std::size_t>(param.buffer.len));
  } else if constexpr (std::is_same_v<T, OutputObject>) {
    bool fits = true;
    argument.value = param_take_object(param, fits);
    return fits;
  }
  return true;
}

template <class Out>
void param_set_out(qcom_tee_param& param, Out& value) noexcept {
  if constexpr (is_object_v<Out>) {
    param_set_null(param, false);
  } else {
    static_assert(std::is_trivially_copyable_v<Out> && !std::is_pointer_v<Out>,
                  "an output is an object or trivially copyable");
    param_set_buffer(param, false, &value, sizeof(Out));
  }
}

template <class Out>
bool param_finish_out(const qcom_tee_param& param, Out& value) noexcept {
  if constexpr (is_object_v<Out>) {
    bool fits = true;
    AnyObject object = param_take_object(param, fits);
    if constexpr (std::is_same_v<Out, AnyObject>) {
      value = std::move(object);
    } else if (auto* same = std::get_if<Out>(&object)) {
      value = std::move(*same);
    } else {
      fits = fits && std::holds_alternative<std::monostate>(object);
    }
    return fits;
  } else {
    return param.buffer.len == sizeof(Out);
  }
}

}  // namespace qtee::detail
