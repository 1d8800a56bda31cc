// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace qtee::bench {

/// A connection to QEMU's monitor, QMP on a UNIX socket.
class Monitor final {
 public:
  /// Throws std::system_error where nobody listens, std::runtime_error where it isn't QMP.
  explicit Monitor(const std::string& path);
  ~Monitor();
  Monitor(const Monitor&) = delete;

  /// Runs a command of the monitor for humans. Throws std::runtime_error where it says anything: commands that work
  /// don't.
  void command(const std::string& line);

 private:
  std::string ask(const std::string& json);

  int fd_;
  std::string buffer_;
};

}  // namespace qtee::bench
