// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "qtee/file_descriptor.hpp"
#include "vsoc_service.hpp"

namespace qtee::test {

/// Descriptors that the process has open.
std::size_t fds_open();

/// The sysfs folder of the device that the driver uses, with a slash behind it. Throws std::runtime_error where there
/// is none.
std::string driver_folder();

/// A number that a file in the driver's sysfs folder says: "statistics/messages". Throws std::system_error where there
/// is no such file.
class DriverNumber final {
 public:
  explicit DriverNumber(const std::string& name);

  std::uint64_t now() const;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  FileDescriptor file_;
};

/// Such a number, once.
std::uint64_t driver_number(const std::string& name);

/// The books at one moment: what is alive in QTEE, in the driver and in this process. A test compares what it began
/// with and what it leaves. The secure heap is not in them: QTEE keeps some memory for later.
class Alive final {
 public:
  /// Bridges are those of message buffers too, of which the driver makes more when it needs them, and gives back what
  /// is idle.
  enum class Bridges { ignored, counted };

  static Alive now(const vsoc::Service& service);

  /// Waits until all is again as here, since releases end in the background. A line for each number that is another
  /// when `timeout` is over.
  std::vector<std::string> differences(const vsoc::Service& service, Bridges bridges = Bridges::ignored,
                                       std::chrono::milliseconds timeout = std::chrono::seconds(3)) const;

 private:
  std::vector<std::uint64_t> numbers_;
};

}  // namespace qtee::test
