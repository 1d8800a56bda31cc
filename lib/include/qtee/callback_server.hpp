// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "qtee/callback_handler.hpp"
#include "qtee/callback_object.hpp"

namespace qtee {

namespace detail {
class CallbackPool;
}

/// Hosts objects of this process that QTEE can call, with a pool of threads that serve them. One server is enough for
/// any number of objects; a second one is a separate place to fail.
///
/// Thread-safe, but for construction, destruction and stop().
class CallbackServer final {
 public:
  struct Options {
    /// Threads that are there from the start, at least 1.
    unsigned threads = 2;
    /// The pool grows up to this when all threads are in handlers: a handler that invokes may need another thread to
    /// serve what that calls back.
    unsigned threads_max = 64;
    /// Bytes of each thread's buffer for requests at first; a bigger request makes it grow.
    std::size_t buffer = 4096;
  };

  /// Opens /dev/qtee-ree and starts the threads. Throws std::system_error.
  CallbackServer();
  explicit CallbackServer(const Options& options);
  CallbackServer(CallbackServer&&) noexcept;
  CallbackServer& operator=(CallbackServer&&) noexcept;
  /// stop().
  ~CallbackServer();

  /// Makes an object that `handler` serves. Passing the handle to an invocation gives QTEE a reference.
  CallbackObject add(std::shared_ptr<CallbackHandler> handler);
  /// The same with a function that is what CallbackHandler::dispatch() is.
  template <class Function>
    requires std::is_invocable_r_v<Result, Function&, CallbackRequest&>
  CallbackObject add(Function function) {
    return add(std::make_shared<detail::FunctionHandler<Function>>(std::move(function)));
  }
  /// The same with a handler by value, a CallbackInterface for one.
  template <std::derived_from<CallbackHandler> Handler>
  CallbackObject add(Handler handler) {
    return add(std::shared_ptr<CallbackHandler>(std::make_shared<Handler>(std::move(handler))));
  }

  /// References that QTEE holds on all of the server's objects, as far as its releases have been heard of.
  std::size_t references() const;
  /// Threads in the pool now.
  unsigned threads() const;
  /// Why the server stopped serving by itself, or no error. It does when the driver refuses a RECEIVE.
  std::error_code failure() const;

  /// Waits for the handlers that run, ends the threads and closes the server: QTEE's calls to its objects then fail,
  /// references are gone, and handles that are left over can't be passed any more (EBADF). Not from a handler: that
  /// throws std::system_error with EDEADLK. Doing it again does nothing.
  void stop();

 private:
  std::unique_ptr<detail::CallbackPool> pool_;
};

}  // namespace qtee
