// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "qtee/callback_request.hpp"
#include "qtee/result.hpp"

namespace qtee {

/// What stands behind an object that a CallbackServer hosts. Destroyed, on whatever thread that is, when neither QTEE
/// nor a handle refers to the object any more.
class CallbackHandler {
 public:
  virtual ~CallbackHandler() = default;

  /// Serves one request. Called from any thread of the server, from several at once; may invoke objects, and be called
  /// again while it does. The return value is the answer: Result::ok, a code of the interface's, or one of the
  /// negative codes, which QTEE sees as they are. An Error that is thrown is the answer too; any other exception
  /// answers Result::error. Outputs travel only with Result::ok.
  virtual Result dispatch(CallbackRequest& request) = 0;
};

namespace detail {

template <class Function>
class FunctionHandler final : public CallbackHandler {
 public:
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  Result dispatch(CallbackRequest& request) override { return function_(request); }

 private:
  Function function_;
};

}  // namespace detail
}  // namespace qtee
