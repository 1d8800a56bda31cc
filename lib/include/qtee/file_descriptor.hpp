// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

namespace qtee {

/// Owner of one open file descriptor, closed on destruction. Distinct owners may be used by different threads; one
/// owner may be read by several and changed by one alone.
class FileDescriptor final {
 public:
  FileDescriptor() noexcept = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~FileDescriptor() { reset(); }

  explicit operator bool() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }

  /// Gives the descriptor up without closing it.
  int release() noexcept { return std::exchange(fd_, -1); }
  /// Closes what is owned and takes `fd` instead.
  void reset(int fd = -1) noexcept;

  /// A second descriptor of the same open file, closed on exec. Throws std::system_error.
  FileDescriptor duplicate() const;

  /// Sends a duplicate over a connected UNIX socket, together with one byte of data. Throws std::system_error.
  void send(int socket) const;
  /// Waits for what send() sends. Throws std::system_error: ECONNRESET when the peer has closed, EBADMSG when
  /// something else came.
  static FileDescriptor receive(int socket);

 private:
  int fd_ = -1;
};

}  // namespace qtee
