// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <system_error>
#include <thread>

#include "clock.hpp"
#include "output.hpp"
#include "tool.hpp"

namespace qtee::bpf {
namespace {

/// How long a command has to end, in hundredths of a second.
constexpr int kPatience = 200;

/// Those that do not end the tool.
sigset_t news() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGWINCH}) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

Loop::Loop(const Options& options, SecondSignal second) : options_(options) {
  signals_take(second);
  const sigset_t set = news();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  news_ = FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!news_) throw std::system_error(errno, std::generic_category(), "wait for signals");
}

Loop::~Loop() { end_command(); }

void Loop::start_command() {
  if (options_.command.empty()) return;
  std::vector<char*> arguments;
  for (const std::string& word : options_.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // Until it has its own ways with signals the child takes none.
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) {
    signals_give_back();
    const sigset_t set = news();
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    ::execvp(arguments[0], arguments.data());
    const std::string text = fmt::format("{}: {}\n", arguments[0], std::strerror(errno));
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(127);
  }
  const int error = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) throw std::system_error(error, std::generic_category(), "start the command");
  child_ = child;
}

void Loop::end_command() {
  if (!child_) return;
  int status = 0;
  ::kill(child_, SIGTERM);
  for (int i = 0; i < kPatience; ++i) {
    if (::waitpid(child_, &status, WNOHANG) != 0) {
      child_ = 0;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  // It has its reasons, and is the user's.
  remark_write("the command", fmt::format("process {} goes on: SIGTERM has not ended it", child_));
  child_ = 0;
}

std::uint64_t Loop::length() const { return (ended_ ? ended_ : clock_now()) - began_; }

void Loop::run(const std::function<void()>& each_interval) {
  constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
  began_ = clock_now();
  const std::uint64_t end = options_.duration ? began_ + *options_.duration : kNever;
  std::uint64_t next = options_.interval ? began_ + *options_.interval : kNever;
  // It may have come while the kernel looked at the programs.
  if (!signals_came()) start_command();
  while (!stopped_ && !signals_came()) {
    std::uint64_t now = clock_now();
    if (now >= end) break;
    if (now >= next) {
      each_interval();
      now = clock_now();
      // What could not be had in time is not had at once; nor is what else there is kept waiting by it.
      next = std::max(next + *options_.interval, now);
    }
    const std::uint64_t until = std::max(now, std::min(end, next));
    std::vector<pollfd> fds = {{signals_fd(), POLLIN, 0}, {news_.get(), POLLIN, 0}};
    for (const auto& watch : watches_) fds.push_back({watch.first, POLLIN, 0});
    timespec wait{};
    if (until != kNever) {
      wait.tv_sec = static_cast<std::time_t>((until - now) / 1'000'000'000);
      wait.tv_nsec = static_cast<long>((until - now) % 1'000'000'000);
    }
    if (::ppoll(fds.data(), fds.size(), until == kNever ? nullptr : &wait, nullptr) < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "wait");
    for (std::size_t i = 0; i < watches_.size(); ++i)
      if (fds[i + 2].revents) watches_[i].second();
    signalfd_siginfo signal;
    while (::read(news_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
      if (signal.ssi_signo == SIGWINCH) {
        if (resized_) resized_();
        continue;
      }
      int status = 0;
      if (child_ && ::waitpid(child_, &status, WNOHANG) == child_) {
        child_ = 0;
        stopped_ = true;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
  }
  interrupted_ = signals_came();
  ended_ = clock_now();
  for (const auto& watch : watches_) watch.second();
}

}  // namespace qtee::bpf
