// SPDX-License-Identifier: BSD-3-Clause
#include "terminal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <system_error>

namespace qtee::test {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// Lines of the last screen that is whole in `text`.
std::vector<std::string> last_screen(const std::string& text) {
  const std::size_t end = text.rfind("\033[J"), begin = end == text.npos ? text.npos : text.rfind("\033[H", end);
  std::vector<std::string> lines;
  if (begin == text.npos) return lines;
  std::istringstream screen(
      std::regex_replace(text.substr(begin, end - begin), std::regex("\033\\[[0-9;?]*[A-Za-z]|\r"), ""));
  for (std::string line; std::getline(screen, line);) lines.push_back(line);
  return lines;
}

}  // namespace

Terminal::Terminal(const std::vector<std::string>& arguments, unsigned short width, unsigned short height)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0) fail("a terminal");
  slave_ = FileDescriptor(::open(::ptsname(master_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave_) fail("a terminal");
  resize(width, height);
  std::vector<char*> words;
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    ::setsid();
    ::ioctl(slave_.get(), TIOCSCTTY, 0);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(slave_.get(), fd);
    ::setenv("TERM", "xterm", 1);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
}

Terminal::~Terminal() {
  if (!pid_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Terminal::resize(unsigned short width, unsigned short height) {
  winsize size{};
  size.ws_col = width;
  size.ws_row = height;
  if (::ioctl(master_.get(), TIOCSWINSZ, &size) != 0) fail("set the terminal's size");
}

void Terminal::type(const std::string& keys) {
  if (::write(master_.get(), keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) fail("type");
}

bool Terminal::read(int ms) {
  pollfd fd{master_.get(), POLLIN, 0};
  char buffer[4096];
  if (::poll(&fd, 1, ms) <= 0) return false;
  const ssize_t size = ::read(master_.get(), buffer, sizeof buffer);
  if (size <= 0) return false;
  written_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

std::vector<std::string> Terminal::shown(const std::function<bool(const std::vector<std::string>&)>& right) {
  std::vector<std::string> lines;
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < end) {
    read(100);
    lines = last_screen(written_);
    if (!lines.empty() && right(lines)) return lines;
  }
  ADD_FAILURE() << "not shown in time; all that was written:\n" << written_;
  return lines;
}

int Terminal::wait() {
  int status = 0;
  // What it writes has to be read, or it waits.
  while (::waitpid(pid_, &status, WNOHANG) == 0) read(50);
  pid_ = 0;
  while (read(0)) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

termios Terminal::settings() const {
  termios settings{};
  if (::tcgetattr(slave_.get(), &settings) != 0) fail("ask for the terminal's settings");
  return settings;
}

}  // namespace qtee::test
