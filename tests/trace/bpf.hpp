// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {

/// An empty BPF program at events of the driver, while this lives: what having them on costs, whoever it is that reads
/// them. By the bare system call.
class EmptyPrograms final {
 public:
  /// Throws std::system_error where the kernel has no BPF or no such event.
  explicit EmptyPrograms(const std::vector<std::string>& events);

 private:
  FileDescriptor program_;
  std::vector<FileDescriptor> links_;
};

}  // namespace qtee::test
