// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>

#include "laps.hpp"
#include "vsoc/service.hpp"

namespace qtee::bench {

/// What a way into a driver has no means for. The paths that need it are not measured there.
class Unsupported final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One way into a driver, with a client of the private service and servers of callback objects. Each function does one
/// ioctl or close unless it says otherwise, and throws std::runtime_error where that fails. All is warm after the
/// first. null() and work() are for any number of threads, the rest for one.
class Front {
 public:
  enum class Kind { input, output, input_object, output_object };
  /// Who serves a callback object: a thread that receives and replies, by the fewest ioctls that there are; the same by
  /// an ioctl each; the client library's threads.
  enum class Server { plain, apart, library };

  virtual ~Front() = default;

  virtual void null() = 0;
  /// Stays in the secure world for so many nanoseconds.
  virtual void work(std::uint64_t ns) = 0;
  /// Buffers of one size, in and out.
  virtual void echo(std::span<const std::byte> in, std::span<std::byte> out) = 0;
  /// A buffer that goes in alone.
  virtual void send(std::span<const std::byte> in) = 0;
  /// So many arguments of one kind; buffers have 8 bytes. Output objects are kept until drop().
  virtual void arguments(Kind kind, unsigned count) = 0;
  virtual void drop() = 0;
  /// An invocation with one input, and an output unless `out` is 0, of so many bytes that are not copied. Unless it is
  /// empty, `source`, of `in` bytes, is copied to the input each time, by the program.
  virtual std::function<void()> in_place(std::size_t in, std::size_t out, std::span<const std::byte> source);

  /// Makes an object in QTEE; release() lets it go.
  virtual void create() = 0;
  virtual void release() = 0;

  /// Has QTEE call a new callback object back so many times, with `objects` TEE objects, and let it go. laps() are told
  /// of each time.
  virtual void call_back(Server server, unsigned times, unsigned objects = 0) = 0;
  /// The same with an object of the kernel's, which does nothing.
  virtual void call_back_kernel(unsigned times) = 0;
  /// A callback that invokes, which calls back, so deep.
  virtual void nest(unsigned depth) = 0;
  const Laps& laps() const { return laps_; }

  /// Makes a memory object, passes it and has QTEE map and read some of it, lets it go.
  virtual void memory_make(std::size_t size) = 0;
  virtual void memory_pass() = 0;
  virtual void memory_drop() = 0;

  /// Opens the device anew and makes so many objects; close_objects() closes all of that.
  virtual void open_objects(unsigned count) = 0;
  virtual void close_objects() = 0;

  /// The firmware's counters, by one invocation.
  virtual vsoc::Counters counters() = 0;

 protected:
  Laps laps_;
};

/// Through the TEE subsystem, by mainline's user API: either driver.
std::unique_ptr<Front> front_tee();
/// Through /dev/qtee.
std::unique_ptr<Front> front_qtee();

}  // namespace qtee::bench
