// SPDX-License-Identifier: BSD-3-Clause
//
// Trace events of the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {

/// Records events while this lives. Throws std::runtime_error where the kernel has no such events or is not traced.
class KernelTrace {
 public:
  /// Whose events.
  enum class Of { this_thread, everybody };

  /// Names as in set_event, "kmem:kmalloc"; "qtee:" is all of a system.
  explicit KernelTrace(const std::vector<std::string>& events, Of of = Of::this_thread);
  ~KernelTrace();
  KernelTrace(const KernelTrace&) = delete;

  /// Forgets what was recorded, and records.
  void start();
  /// Ends recording. Yields a line for each event but those of interrupts that came meanwhile, in the order in which
  /// they happened.
  std::vector<std::string> stop();
  /// Events that there was no room for since start().
  std::uint64_t lost() const;

 private:
  void write(const std::string& file, const std::string& text) const;
  void on(const char* value) const;
  std::string folder_;
  FileDescriptor switch_;  // open throughout: opening it allocates
};

}  // namespace qtee::test
