// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <tuple>
#include <utility>

#include "qtee/any_object.hpp"
#include "qtee/detail/param.hpp"
#include "qtee/message_buffer.hpp"
#include "qtee/object.hpp"
#include "qtee/output.hpp"

namespace qtee {

/// An invocation built parameter by parameter, for counts that are known only at run time; Object::call() is the way
/// for all others. Holds up to 60 parameters in place, without allocation. For one thread.
///
///     Invocation invocation(op);
///     for (const auto& part : parts) invocation.input(part);
///     invocation.output(memory).output_object();
///     if (auto error = invocation.invoke(object); !error) use(invocation.written(0), invocation.take_object(0));
///
/// With use() it runs in a message buffer: what lies in that is not copied.
///
/// What is passed is borrowed until invoke() returns. Adding more than 60 parameters throws std::length_error; more
/// than 15 of a kind is left to the driver to refuse.
class Invocation final {
 public:
  explicit Invocation(OpCode op) noexcept : frame_(op.value()) {}
  Invocation(const Invocation&) = delete;
  Invocation& operator=(const Invocation&) = delete;
  /// Releases output objects that nobody took.
  ~Invocation();

  /// Inputs and outputs that are added from here on, and lie in `buffer`, stay there: QTEE reads and writes them in
  /// place. Each has to start at a multiple of 8, and none may overlap another. All others are copied, and have a page
  /// in all. One invocation at a time can use a buffer: invoke() answers EBUSY else. Empty inputs are never in place.
  Invocation& use(const MessageBuffer& buffer) noexcept;

  Invocation& input(std::span<const std::byte> bytes);
  Invocation& input(const Object& object);
  Invocation& input(const MemoryObject& object);
  /// Throws std::system_error with EBADF when the object's server has stopped.
  Invocation& input(const CallbackObject& object);
  Invocation& input(const AnyObject& object);
  Invocation& input(std::nullptr_t);
  Invocation& output(std::span<std::byte> memory);
  Invocation& output_object();

  /// Invokes `object` with what was added, once only: a second time answers EALREADY. The answer is QTEE's result, or
  /// the driver's errno, or no error.
  std::error_code invoke(const Object& object) noexcept;

  /// After success: what was written to the index-th output buffer. Throws std::out_of_range.
  std::span<std::byte> written(std::size_t index) const;
  /// After success: the index-th output object, once. Throws std::out_of_range, and std::system_error with EBADMSG for
  /// an object that this process can't hold.
  AnyObject take_object(std::size_t index);

 private:
  qcom_tee_param& next();
  void set_buffer(qcom_tee_param& param, bool input, std::span<const std::byte> bytes) noexcept;

  enum class State : std::uint8_t { building, failed, answered };

  detail::Frame<QCOM_TEE_PARAMS_MAX> frame_;
  std::array<std::uint8_t, QCOM_TEE_PARAMS_MAX> outputs_;
  std::array<std::uint8_t, QCOM_TEE_PARAMS_MAX> objects_;
  std::uint8_t output_count_ = 0;
  std::uint8_t object_count_ = 0;
  State state_ = State::building;
  int buffer_fd_ = -1;
  std::span<std::byte> buffer_;
};

template <class... Outs, class... Args>
Outcome<typename detail::Values<Outs...>::type> Object::try_call(OpCode op, Args&&... args) const {
  constexpr std::size_t kCount = sizeof...(Args) + sizeof...(Outs);
  static_assert(kCount <= QCOM_TEE_PARAMS_MAX);

  detail::Frame<kCount> frame(op.value());
  try {
    (detail::param_set(frame.next(), args), ...);
  } catch (const std::system_error& error) {
    return error.code();  // a callback object whose server has stopped
  }
  std::tuple<Outs...> values{};
  std::apply([&](auto&... value) { (detail::param_set_out(frame.next(), value), ...); }, values);

  if (const std::error_code error = frame.invoke(fd())) return error;

  // Every parameter is finished, whatever the others were: an object that came is owned before an error is returned.
  bool fits = true;
  [[maybe_unused]] std::size_t index = 0;
  ((fits = detail::param_finish(frame[index++], args) && fits), ...);
  std::apply([&](auto&... value) { ((fits = detail::param_finish_out(frame[index++], value) && fits), ...); }, values);
  if (!fits) return std::make_error_code(std::errc::bad_message);

  if constexpr (sizeof...(Outs) == 0) {
    return {};
  } else if constexpr (sizeof...(Outs) == 1) {
    return std::get<0>(std::move(values));
  } else {
    return values;
  }
}

namespace detail {
[[noreturn]] void throw_invoke(const std::error_code& error, OpCode op);
}

template <class... Outs, class... Args>
typename detail::Values<Outs...>::type Object::call(OpCode op, Args&&... args) const {
  auto outcome = try_call<Outs...>(op, std::forward<Args>(args)...);
  if (!outcome) detail::throw_invoke(outcome.error(), op);
  if constexpr (sizeof...(Outs) != 0) return *std::move(outcome);
}

}  // namespace qtee
