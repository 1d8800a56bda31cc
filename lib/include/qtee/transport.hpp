// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <poll.h>

#include <span>

namespace qtee {

/// The system calls that reach the driver, behind an interface so that a test can stand in for it. Every call answers
/// a value from 0 up, or a negative errno. Implementations are called from any thread.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual int open(const char* path, int flags) noexcept = 0;
  virtual int ioctl(int fd, unsigned long request, void* argument) noexcept = 0;
  /// Waits without end; EINTR is for the caller to handle.
  virtual int poll(std::span<pollfd> fds) noexcept = 0;

  /// What the library uses: the system's own, unless a test has put another in its place.
  static Transport& current() noexcept;
  /// Puts `transport` in place, or the system's own for nullptr, and answers the one before. The caller makes sure
  /// that nothing of the library is at work meanwhile.
  static Transport* exchange(Transport* transport) noexcept;
};

}  // namespace qtee
