// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace qtee::vsoc {

// The machine can't do what the run needs; goes to vsoc-run as kSayBroken.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws Broken with the text of errno.
[[noreturn]] inline void broken_errno(const std::string& what) { throw Broken(what + ": " + std::strerror(errno)); }

}  // namespace qtee::vsoc
