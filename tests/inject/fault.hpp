// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "qtee/file_descriptor.hpp"

namespace qtee::inject {

/// Makes the kernel's allocations and user copies able to fail. With `trace` it writes a backtrace for each to its log,
/// which vsoc/run takes for a complaint. Throws std::runtime_error where the kernel can't.
void fault_set_up(bool trace);

/// Fails one point of the calling thread's way through the kernel: the n-th allocation or user copy from now on.
/// With `inject` false it does nothing, and no point is ever reached. For one thread.
class FaultPoint final {
 public:
  explicit FaultPoint(bool inject);

  void arm(unsigned n);
  /// Whether the point was reached, and so something failed. Nothing fails from here on.
  bool disarm();

 private:
  FileDescriptor file_;
};

}  // namespace qtee::inject
