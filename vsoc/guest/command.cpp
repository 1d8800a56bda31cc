// SPDX-License-Identifier: BSD-3-Clause
#include "command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "error.hpp"
#include "port.hpp"
#include "vsoc/job.hpp"

namespace qtee::vsoc {
namespace {

constexpr std::size_t kPart = 32768;

void fd_close(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// A pipe whose own end (of the two, index `own`) does not block and stays with us.
std::array<int, 2> pipe_make(int own) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) broken_errno("pipe");
  fcntl(ends[own], F_SETFL, O_NONBLOCK);
  return ends;
}

void file_write(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = write(fd, text, std::string_view(text).size());
  close(fd);
}

// The child's side: never returns.
[[noreturn]] void command_exec(const Job& job, int in, int out, int err, bool terminal) {
  setsid();
  if (terminal) ioctl(in, TIOCSCTTY, 0);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<std::string> words = job.all(kJobArgument);
  std::vector<std::string> environment = job.all(kJobEnvironment);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  for (std::string& entry : environment) {
    if (entry.starts_with("PATH=")) putenv(entry.data());  // execvpe looks along our own
    envp.push_back(entry.data());
  }
  envp.push_back(nullptr);
  if (chdir("/root") == 0) execvpe(argv[0], argv.data(), envp.data());
  const int error = errno;
  dprintf(2, "vsoc/run: %s: %s\n", argv[0], std::strerror(error));
  _exit(error == ENOENT ? 127 : 126);
}

// From one of the command's outputs to a port. At most one part is held back.
class Outlet {
 public:
  Outlet(int from, int to) : from_(from), to_(to) {}

  void poll_add(std::vector<pollfd>& set) const {
    if (!held_.empty()) {
      set.push_back({to_, POLLOUT, 0});
    } else if (from_ >= 0) {
      set.push_back({from_, POLLIN, 0});
    }
  }

  // Moves what can be moved without waiting. Returns whether anything was.
  bool move() {
    if (held_.empty() && from_ >= 0) {
      held_.resize(kPart);
      const ssize_t got = read(from_, held_.data(), held_.size());
      held_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      // A terminal gives EIO when its last user is gone.
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) fd_close(from_);
    }
    if (held_.empty()) return false;
    const ssize_t written = write(to_, held_.data(), held_.size());
    if (written <= 0) return false;
    held_.erase(0, static_cast<std::size_t>(written));
    return true;
  }

  // To call when the command is gone: all that it wrote goes through; what others may still write does not matter.
  void finish() {
    do {
      port_write(to_, held_);
      held_.clear();
    } while (move() || !held_.empty());
    fd_close(from_);
  }

 private:
  int from_;
  const int to_;
  std::string held_;
};

// From the port of input frames to the command.
class Inlet {
 public:
  Inlet(int from, int to, bool terminal) : from_(from), to_(to), terminal_(terminal) {}

  void poll_add(std::vector<pollfd>& set) const {
    if (to_ < 0) return;
    if (held_.empty()) {
      set.push_back({from_, POLLIN, 0});
    } else {
      set.push_back({to_, POLLOUT, 0});
    }
  }

  void move() {
    if (to_ < 0) return;
    if (held_.empty() && !fill()) return;
    const ssize_t written = write(to_, held_.data(), held_.size());
    if (written > 0) held_.erase(0, static_cast<std::size_t>(written));
    if (written < 0 && errno != EAGAIN && errno != EINTR) end();  // the command reads no more
  }

  void end() {
    if (terminal_)
      to_ = -1;  // the terminal's descriptor is also its output's
    else
      fd_close(to_);
    held_.clear();
  }

 private:
  // Takes the next piece of a frame. Returns whether there is something to write.
  bool fill() {
    while (header_ < 4) {
      const ssize_t got = read(from_, reinterpret_cast<char*>(&left_) + header_, 4 - header_);
      if (got <= 0) return false;
      header_ += static_cast<std::size_t>(got);
      if (header_ == 4 && left_ == 0) {
        end();
        return false;
      }
    }
    held_.resize(std::min<std::size_t>(left_, kPart));
    const ssize_t got = read(from_, held_.data(), held_.size());
    held_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    left_ -= static_cast<std::uint32_t>(held_.size());
    if (left_ == 0) header_ = 0;
    return !held_.empty();
  }

  const int from_;
  int to_;
  const bool terminal_;
  std::uint32_t left_ = 0;  // bytes of the frame that are still to come; both sides are little endian
  std::size_t header_ = 0;  // bytes of left_ that are here
  std::string held_;
};

// Lines that vsoc-run sends.
class Control {
 public:
  Control(int port, int terminal) : port_(port), terminal_(terminal) {}

  void take() {
    char part[256];
    const ssize_t got = read(port_, part, sizeof part);
    if (got > 0) text_.append(part, static_cast<std::size_t>(got));
    for (std::size_t end; (end = text_.find('\n')) != text_.npos; text_.erase(0, end + 1)) obey(text_.substr(0, end));
  }

 private:
  void obey(const std::string& line) {
    if (line == kAskDump) {
      file_write("/proc/sys/kernel/printk", "8");
      file_write("/proc/sysrq-trigger", "w");
      file_write("/proc/sysrq-trigger", "l");
      return;
    }
    const std::string window = std::string(kAskWindow) + " %hu %hu";
    winsize size{};
    if (terminal_ >= 0 && std::sscanf(line.c_str(), window.c_str(), &size.ws_row, &size.ws_col) == 2)
      ioctl(terminal_, TIOCSWINSZ, &size);
  }

  const int port_;
  const int terminal_;
  std::string text_;
};

// Takes the status of every child that ended: init is everybody's parent in the end. Returns whether `command` was one.
bool children_reap(pid_t command, int& status) {
  bool ended = false;
  int one = 0;
  for (pid_t pid; (pid = waitpid(-1, &one, WNOHANG)) > 0;) {
    if (pid != command) continue;
    ended = true;
    status = WIFSIGNALED(one) ? 128 + WTERMSIG(one) : WEXITSTATUS(one);
  }
  return ended;
}

}  // namespace

int command_run(const Job& job, const Ports& ports) {
  sigset_t child_signal;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_signal, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const int children = signalfd(-1, &child_signal, SFD_NONBLOCK | SFD_CLOEXEC);
  if (children < 0) broken_errno("signalfd");

  const bool terminal = job.has(kJobTerminal);
  std::array<int, 2> in{-1, -1}, out{-1, -1}, err{-1, -1};  // [0] is read, [1] is written
  if (terminal) {
    winsize size{};
    std::sscanf(job.one(kJobTerminal).c_str(), "%hu %hu", &size.ws_row, &size.ws_col);
    int ours = -1, theirs = -1;
    if (openpty(&ours, &theirs, nullptr, nullptr, &size) != 0) broken_errno("openpty");
    fcntl(ours, F_SETFL, O_NONBLOCK);
    for (const int fd : {ours, theirs}) fcntl(fd, F_SETFD, FD_CLOEXEC);
    in = {theirs, ours};
    out = {ours, theirs};
    err = {-1, theirs};
  } else {
    in = pipe_make(1);
    out = pipe_make(0);
    err = pipe_make(0);
  }

  const pid_t command = fork();
  if (command < 0) broken_errno("fork");
  if (command == 0) {
    signal(SIGPIPE, SIG_DFL);
    command_exec(job, in[0], out[1], err[1], terminal);
  }
  fd_close(in[0]);
  if (!terminal) {
    fd_close(out[1]);
    fd_close(err[1]);
  }

  Inlet inlet(ports.in, in[1], terminal);
  Outlet outlets[] = {{out[0], ports.out}, {err[0], ports.err}};
  Control control(ports.control, terminal ? out[0] : -1);
  int status = 0;
  for (bool ended = false; !ended;) {
    std::vector<pollfd> set{{children, POLLIN, 0}, {ports.control, POLLIN, 0}};
    inlet.poll_add(set);
    for (const Outlet& outlet : outlets) outlet.poll_add(set);
    if (poll(set.data(), set.size(), -1) < 0 && errno != EINTR) broken_errno("poll");
    if (set[1].revents & POLLIN) control.take();
    inlet.move();
    for (Outlet& outlet : outlets) outlet.move();
    if (set[0].revents & POLLIN) {
      signalfd_siginfo info;
      while (read(children, &info, sizeof info) == sizeof info) continue;
      ended = children_reap(command, status);
    }
  }
  inlet.end();
  for (Outlet& outlet : outlets) outlet.finish();
  close(children);
  return status;
}

}  // namespace qtee::vsoc
