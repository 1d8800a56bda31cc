// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "qtee/file_descriptor.hpp"

namespace qtee {

/// Memory in which invocations run, so that large inputs and outputs are not copied: inputs are written there, and
/// outputs read, in place.
///
///     const auto buffer = MessageBuffer::allocate(128 << 10);
///     const auto in = buffer.bytes().first(64 << 10), out = buffer.bytes().last(64 << 10);
///     fill(in);
///     Invocation invocation(op);
///     if (auto error = invocation.use(buffer).input(in).output(out).invoke(object); !error)
///     use(invocation.written(0));
///
/// Contents stay from one invocation to the next. While one lasts QTEE may write to its outputs, and reads its inputs
/// whenever it likes. Moving and destroying is for one thread alone; the memory is everybody's.
class MessageBuffer final {
 public:
  MessageBuffer() noexcept = default;
  /// At least `size` bytes, cleared; 4 MiB less a page at most. Throws std::system_error: EDQUOT at the driver's limit,
  /// ENOMEM.
  static MessageBuffer allocate(std::size_t size);

  MessageBuffer(MessageBuffer&& other) noexcept
      : fd_(std::move(other.fd_)), memory_(std::exchange(other.memory_, {})) {}
  MessageBuffer& operator=(MessageBuffer&& other) noexcept;
  ~MessageBuffer();

  explicit operator bool() const noexcept { return !memory_.empty(); }
  std::span<std::byte> bytes() const noexcept { return memory_; }
  int fd() const noexcept { return fd_.get(); }

 private:
  FileDescriptor fd_;
  std::span<std::byte> memory_;
};

}  // namespace qtee
