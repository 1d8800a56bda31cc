// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "qtee/file_descriptor.hpp"

namespace qtee::bench {

/// Counts events that happen on behalf of the thread that made it. Its own thread's alone.
class Counter final {
 public:
  /// Exact where the machine's counter is: under `vsoc/run --icount`. These throw std::system_error where the kernel
  /// has no such counter.
  static Counter kernel_instructions();
  static Counter user_instructions();
  /// Times that the thread passes a trace event, "kmem:kmalloc", also in interrupts that hit it.
  static Counter event(const std::string& name);

  /// Events during `work()`.
  std::uint64_t once(const std::function<void()>& work) const;
  /// Events of one `work()`, without what switching the counter costs. `before()` is run before each and not counted.
  /// The least that one of 50 `rounds` took, or the median where none is as common: interrupts that hit the thread are
  /// in the others, and chance in what is less and seldom.
  std::uint64_t count(const std::function<void()>& work, const std::function<void()>& before = {},
                      int rounds = 15) const;

 private:
  Counter(std::uint32_t type, std::uint64_t config, bool kernel, bool user);

  FileDescriptor event_;
  std::uint64_t own_ = 0;
};

}  // namespace qtee::bench
