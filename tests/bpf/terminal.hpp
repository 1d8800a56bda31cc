// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <termios.h>

#include <functional>
#include <string>
#include <vector>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {

/// A program in a terminal of its own, while this lives. One thread's.
class Terminal final {
 public:
  /// Throws std::system_error.
  Terminal(const std::vector<std::string>& arguments, unsigned short width, unsigned short height);
  /// Kills the program.
  ~Terminal();
  Terminal(const Terminal&) = delete;

  void resize(unsigned short width, unsigned short height);
  void type(const std::string& keys);
  /// Reads until what is shown is right, or a minute has passed: then it is a failure of the test. What is shown: the
  /// lines between the sequence that begins a screen and that which ends it, without sequences.
  std::vector<std::string> shown(const std::function<bool(const std::vector<std::string>&)>& right);
  /// Waits for the program's end: its status as a shell says it.
  int wait();
  /// All that it has written.
  const std::string& written() const { return written_; }
  termios settings() const;

 private:
  /// False where nothing comes any more, or not within `ms`.
  bool read(int ms);

  FileDescriptor master_, slave_;  // the slave stays open, so that what is written last can be read
  int pid_ = 0;
  std::string written_;
};

}  // namespace qtee::test
