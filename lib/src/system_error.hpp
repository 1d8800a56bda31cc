// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <system_error>

namespace qtee {

[[noreturn]] inline void throw_errno(int error, const std::string& doing) {
  throw std::system_error(error, std::generic_category(), doing);
}

}  // namespace qtee
