// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "qtee/file_descriptor.hpp"

namespace qtee::tune {

/// What is written to the standard output while this lives is dropped, if `quiet`: a load's output is not ours.
class Quiet final {
 public:
  explicit Quiet(bool quiet) {
    if (!quiet) return;
    std::fflush(stdout);
    before_ = FileDescriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    const FileDescriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (before_ && null) ::dup2(null.get(), STDOUT_FILENO);
  }
  ~Quiet() {
    if (before_) ::dup2(before_.get(), STDOUT_FILENO);
  }
  Quiet(const Quiet&) = delete;

 private:
  FileDescriptor before_;
};

}  // namespace qtee::tune
