// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "qtee/callback_handler.hpp"
#include "qtee/detail/param.hpp"

namespace qtee {

namespace detail {

template <class Function>
struct FunctionTraits : FunctionTraits<decltype(&Function::operator())> {};
template <class R, class... A>
struct FunctionTraits<R (*)(A...)> {
  using Return = R;
  using Arguments = std::tuple<std::remove_cvref_t<A>...>;
};
template <class R, class C, class... A>
struct FunctionTraits<R (C::*)(A...)> : FunctionTraits<R (*)(A...)> {};
template <class R, class C, class... A>
struct FunctionTraits<R (C::*)(A...) const> : FunctionTraits<R (*)(A...)> {};

template <class T>
struct IsTuple : std::false_type {};
template <class... T>
struct IsTuple<std::tuple<T...>> : std::true_type {};

using Bytes = std::span<const std::byte>;

struct Cursor {
  std::size_t buffer = 0;
  std::size_t object = 0;
};

template <class T>
T request_argument(CallbackRequest& request, Cursor& at) {
  if constexpr (std::is_same_v<T, AnyObject>) {
    return request.take_object(at.object++);
  } else if constexpr (is_object_v<T>) {
    return request.take_object<T>(at.object++);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return request.input(at.buffer++);
  } else {
    return request.input<T>(at.buffer++);
  }
}

template <class T>
void request_answer(CallbackRequest& request, Cursor& at, T value) {
  if constexpr (is_object_v<T>) {
    request.set_object(at.object++, AnyObject(std::move(value)));
  } else if constexpr (std::is_same_v<T, std::vector<std::byte>>) {
    request.set_output(at.buffer++, Bytes(value));
  } else {
    request.set_output(at.buffer++, value);
  }
}

template <class Tuple>
struct Shape;
template <class... T>
struct Shape<std::tuple<T...>> {
  static constexpr std::size_t kObjects = (std::size_t{is_object_v<T>} + ... + 0);
  static constexpr std::size_t kBuffers = sizeof...(T) - kObjects;
};

}  // namespace detail

/// A handler made of functions, one for each operation, whose signatures say the operations' shapes:
///
///     qtee::CallbackInterface interface;
///     interface.on(OpCode(1), [](std::uint64_t offset, qtee::Object peer) { … return std::tuple(size, object); });
///
/// An argument is an input: an object type, std::span<const std::byte> for a buffer of any size, or something
/// trivially copyable for a buffer of just that size. The return value is an output, or a std::tuple of them: an object
/// type, std::vector<std::byte>, or something trivially copyable. Another shape answers INVALID, an operation that is
/// not there too. Functions are called from any thread, several at once; what they throw answers as
/// CallbackHandler::dispatch() says. on() is for before the interface is handed to a server.
class CallbackInterface final : public CallbackHandler {
 public:
  template <class Function>
  CallbackInterface& on(OpCode op, Function function) {
    operations_.insert_or_assign(op, [call = std::make_shared<Function>(std::move(function))](
                                         CallbackRequest& request) { serve(*call, request); });
    return *this;
  }

  Result dispatch(CallbackRequest& request) override {
    const auto operation = operations_.find(request.op());
    if (operation == operations_.end()) return Result::invalid;
    operation->second(request);
    return Result::ok;
  }

 private:
  template <class Function>
  static void serve(Function& function, CallbackRequest& request) {
    using Traits = detail::FunctionTraits<Function>;
    using Arguments = typename Traits::Arguments;
    using Return = typename Traits::Return;
    using Returns =
        std::conditional_t<std::is_void_v<Return>, std::tuple<>,
                           std::conditional_t<detail::IsTuple<Return>::value, Return,
                                              std::tuple<std::conditional_t<std::is_void_v<Return>, int, Return>>>>;
    using In = detail::Shape<Arguments>;
    using Out = detail::Shape<Returns>;
    request.expect(In::kBuffers, Out::kBuffers, In::kObjects, Out::kObjects);

    detail::Cursor from;
    // Braces: the elements are read in order.
    Arguments arguments = [&]<class... T>(std::type_identity<std::tuple<T...>>) {
      return std::tuple<T...>{detail::request_argument<T>(request, from)...};
    }(std::type_identity<Arguments>());

    if constexpr (std::is_void_v<Return>) {
      std::apply(function, std::move(arguments));
    } else {
      detail::Cursor to;
      Returns values{std::apply(function, std::move(arguments))};
      std::apply([&](auto&... value) { (detail::request_answer(request, to, std::move(value)), ...); }, values);
    }
  }

  std::map<OpCode, std::function<void(CallbackRequest&)>> operations_;
};

}  // namespace qtee
