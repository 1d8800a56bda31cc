// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <system_error>

#include "qtee/result.hpp"

namespace qtee {

/// Thrown when the other side answered, and the answer was not success: what() says what was being done and names the
/// code. A call that the system refused throws a plain std::system_error, which is this one's base, so that one catch
/// clause takes both. A callback handler throws it to answer its code.
class Error final : public std::system_error {
 public:
  explicit Error(Result result) : std::system_error(make_error_code(result)) {}
  Error(Result result, const std::string& doing) : std::system_error(make_error_code(result), doing) {}

  Result result() const noexcept { return static_cast<Result>(code().value()); }
};

/// Throws Error if `code` is a result, std::system_error otherwise. `doing` begins the message.
[[noreturn]] void throw_error(const std::error_code& code, const std::string& doing);

}  // namespace qtee
