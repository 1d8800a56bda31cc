// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "qtee/file_descriptor.hpp"
#include "qtee/object.hpp"

namespace qtee::demo {

/// A second process, which invokes what it is sent over a UNIX socket. To be made before the process has threads, and
/// before it has opened anything that the second one should not have.
class Peer final {
 public:
  /// What the second process did with an adder.
  struct Answer {
    std::int32_t pid;
    std::int32_t result;  // what the invocation answered: 0, or the value of its error code
    std::uint32_t sum;
    std::uint32_t reserved;
    std::uint64_t nanoseconds;  // of its invocation
  };

  /// Forks. Throws std::system_error.
  Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  /// Ends the second process and waits for it.
  ~Peer();

  /// Sends it the adder object, on which it adds the two.
  Answer add(const Object& adder, std::uint32_t a, std::uint32_t b) const;

 private:
  [[noreturn]] static void serve(int socket) noexcept;

  FileDescriptor socket_;
  pid_t pid_ = -1;
};

}  // namespace qtee::demo
