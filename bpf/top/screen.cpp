// SPDX-License-Identifier: BSD-3-Clause
#include "screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "signals.hpp"

namespace qtee::bpf {
namespace {

// A screen of its own, no cursor, no line goes on in the next; and back.
constexpr char kEnter[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
constexpr char kLeave[] = "\033[m\033[?7h\033[?25h\033[?1049l";

/// The terminal's, for who ends the process from within a signal's handler.
termios before_all;

bool all_written(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

std::string screen_text(const std::vector<Line>& lines) {
  std::string text = "\033[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i) text += "\r\n";
    if (lines[i].head) text += "\033[7m";
    text += lines[i].text;
    if (lines[i].head) text += "\033[m";
    text += "\033[K";
  }
  return text + "\033[J";
}

std::string screen_keys(std::string_view input) {
  std::string keys;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (input[i] != '\033') {
      keys += input[i];
      continue;
    }
    // ESC [ or O, parameters, and one letter. A lone ESC is no key of ours.
    if (i + 1 < input.size() && (input[i + 1] == '[' || input[i + 1] == 'O')) {
      i += 2;
      while (i < input.size() && (input[i] < '@' || input[i] > '~')) ++i;
    }
  }
  return keys;
}

bool Screen::possible() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO) && term && *term && std::strcmp(term, "dumb") != 0;
}

Screen::Screen() {
  if (::tcgetattr(STDIN_FILENO, &before_) != 0)
    throw std::system_error(errno, std::generic_category(), "ask for the terminal's settings");
  termios now = before_;
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  // Ctrl-C comes as a signal; what would stop or end the tool without a word is a key like others.
  now.c_cc[VQUIT] = now.c_cc[VSUSP] = _POSIX_VDISABLE;
  now.c_cc[VMIN] = now.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSADRAIN, &now) != 0)
    throw std::system_error(errno, std::generic_category(), "set the terminal");
  before_all = before_;
  signals_set_last([] {
    all_written(kLeave);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_all);
  });
  all_written(kEnter);
}

Screen::~Screen() {
  signals_set_last(nullptr);
  all_written(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

ScreenSize Screen::size() const {
  winsize size{};
  // A serial line does not know.
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row) return {80, 24};
  return {size.ws_col, size.ws_row};
}

void Screen::show(const std::vector<Line>& lines) const {
  if (!all_written(screen_text(lines)))
    throw std::system_error(errno, std::generic_category(), "write to the terminal");
}

bool Screen::read(std::string& keys) const {
  char input[256];
  const ssize_t size = ::read(STDIN_FILENO, input, sizeof input);
  if (size <= 0) return size < 0 && (errno == EINTR || errno == EAGAIN);
  keys = screen_keys(std::string_view(input, static_cast<std::size_t>(size)));
  return true;
}

}  // namespace qtee::bpf
