// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>

#include "qtee/file_descriptor.hpp"

namespace qtee::bench {

/// Counts the kernel's instructions on behalf of the calling thread. Exact where the machine's counter is: under
/// `vsoc/run --icount`. One thread's.
class Instructions final {
 public:
  /// Throws std::system_error where the kernel has no such counter: without --icount.
  Instructions();

  /// Kernel instructions of one `work()`, with what switching the counter costs taken off. `before()` is run before
  /// each and not counted. The least of `rounds`: timer interrupts that hit the thread are in the others.
  std::uint64_t count(const std::function<void()>& work, const std::function<void()>& before = {},
                      int rounds = 15) const;

 private:
  std::uint64_t once(const std::function<void()>& work) const;

  FileDescriptor event_;
  std::uint64_t own_ = 0;
};

}  // namespace qtee::bench
