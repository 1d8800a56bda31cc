// SPDX-License-Identifier: BSD-3-Clause
//
// Trace events of the kernel, of one thread.
#pragma once

#include <string>
#include <vector>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {

/// Records events that the calling thread causes while this lives. Throws std::runtime_error where the kernel has no
/// such events or is not traced.
class KernelTrace {
 public:
  /// Names as in set_event, "kmem:kmalloc".
  explicit KernelTrace(const std::vector<std::string>& events);
  ~KernelTrace();
  KernelTrace(const KernelTrace&) = delete;

  /// Forgets what was recorded, and records.
  void start();
  /// Ends recording. Yields a line for each event but those of interrupts that came meanwhile.
  std::vector<std::string> stop();

 private:
  void write(const std::string& file, const std::string& text) const;
  void on(const char* value) const;
  std::string folder_;
  FileDescriptor switch_;  // open throughout: opening it allocates
};

}  // namespace qtee::test
