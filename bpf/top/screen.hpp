// SPDX-License-Identifier: BSD-3-Clause
//
// A terminal as a screen: the few sequences of ECMA-48, and of xterm, that all of today's take, so that a board needs
// no terminfo.
#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "view.hpp"

namespace qtee::bpf {

struct ScreenSize {
  std::size_t width, height;
};

/// What makes a terminal show these lines, and nothing else. They fit its size.
std::string screen_text(const std::vector<Line>& lines);
/// What is typed that is text; keys that send sequences are none.
std::string screen_keys(std::string_view input);

/// The terminal of standard input and output, while this lives; then it is as it was. One thread's.
class Screen final {
 public:
  /// Whether there is one, that knows more than lines.
  static bool possible();

  /// Throws std::system_error.
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;

  ScreenSize size() const;
  /// Throws std::system_error.
  void show(const std::vector<Line>& lines) const;
  /// What has been typed since the last call. False where the terminal is gone.
  bool read(std::string& keys) const;

 private:
  termios before_;
};

}  // namespace qtee::bpf
