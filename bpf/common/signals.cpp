// SPDX-License-Identifier: BSD-3-Clause
#include "signals.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

namespace qtee::bpf {
namespace {

constexpr std::array<int, 3> kEnding = {SIGINT, SIGTERM, SIGHUP};

struct Before {
  int signal;
  struct sigaction action;
};

// Of the process: handlers have nothing else. Written before the handlers are there.
std::array<Before, kEnding.size() + 2> before;
std::size_t before_count = 0;
int wake = -1;
bool second_ends = false;

std::atomic<bool> came = false;
std::atomic<void (*)()> last = nullptr;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<void (*)()>::is_always_lock_free);

void on_signal(int signal) {
  const int error = errno;
  if (came.exchange(true)) {
    if (!second_ends) return;
    if (void (*work)() = last.load()) work();
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    ::sigaction(signal, &plain, nullptr);
    // It comes when this returns.
    ::raise(signal);
    return;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake, &one, sizeof one);
  errno = error;
}

void set(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  // What writes goes on with it: a line of output is whole, or the second signal ends it.
  action.sa_flags = SA_RESTART;
  Before& one = before[before_count];
  one.signal = signal;
  if (::sigaction(signal, nullptr, &one.action) != 0 || ::sigaction(signal, &action, nullptr) != 0)
    throw std::system_error(errno, std::generic_category(), "take signals");
  ++before_count;
}

bool is_ignored(int signal) {
  struct sigaction action{};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

void signals_take(SecondSignal second) {
  if (wake >= 0) return;
  wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) throw std::system_error(errno, std::generic_category(), "take signals");
  second_ends = second == SecondSignal::ends;
  for (const int signal : kEnding)
    // A shell without job control has background jobs ignore SIGINT; whoever sends it to one means it.
    if (signal != SIGHUP || !is_ignored(signal)) set(signal, on_signal);
  // Where it is ignored, nothing tells of a command's end.
  set(SIGCHLD, SIG_DFL);
  // Who reads no more is an error of writing, which ends the tool and its command.
  set(SIGPIPE, SIG_IGN);
}

bool signals_came() { return came; }
int signals_fd() { return wake; }
void signals_set_last(void (*work)()) { last = work; }

void signals_give_back() {
  for (std::size_t i = 0; i < before_count; ++i) ::sigaction(before[i].signal, &before[i].action, nullptr);
}

}  // namespace qtee::bpf
