// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace qtee::bench {

/// One way into a driver, with a client of the private service and a server of callback objects. Each function does one
/// ioctl or close unless it says otherwise, and throws std::runtime_error where that fails. All is warm after the
/// first.
class Front {
 public:
  /// Objects in a file that is closed.
  static constexpr std::size_t kObjects = 40;
  /// Bytes of the memory object.
  static constexpr std::size_t kMemory = 1 << 20;

  virtual ~Front() = default;

  virtual void null() = 0;
  /// Buffers of one size, in and out.
  virtual void echo(std::span<const std::byte> in, std::span<std::byte> out) = 0;
  /// A buffer that goes in alone.
  virtual void send(std::span<const std::byte> in) = 0;

  /// Makes an object in QTEE; release() lets it go.
  virtual void create() = 0;
  virtual void release() = 0;

  /// Has QTEE call a new callback object back so many times, without arguments, and let it go.
  virtual void call_back(unsigned times) = 0;

  /// Passes the memory object and has QTEE map and read some of it.
  virtual void map_memory() = 0;

  /// Opens the device anew and makes kObjects; close_objects() closes all of that.
  virtual void open_objects() = 0;
  virtual void close_objects() = 0;
};

/// Through the TEE subsystem, by mainline's user API: either driver.
std::unique_ptr<Front> front_tee();
/// Through /dev/qtee.
std::unique_ptr<Front> front_qtee();

}  // namespace qtee::bench
