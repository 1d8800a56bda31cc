// SPDX-License-Identifier: BSD-3-Clause
#include "clock.hpp"

#include <cstdio>
#include <ctime>

namespace qtee::bpf {
namespace {

std::uint64_t now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

/// A monotonic time, as strftime() writes what `convert` makes of it, and microseconds.
std::string text(std::uint64_t ns, const char* format, std::tm* (*convert)(const std::time_t*, std::tm*)) {
  // Asked anew each time: the wall clock may be set.
  const std::uint64_t time = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC) + ns;
  const auto seconds = static_cast<std::time_t>(time / 1'000'000'000);
  std::tm broken{};
  convert(&seconds, &broken);
  char buffer[64], micros[16];
  const std::size_t size = std::strftime(buffer, sizeof buffer, format, &broken);
  std::snprintf(micros, sizeof micros, ".%06u", static_cast<unsigned>(time / 1000 % 1'000'000));
  return std::string(buffer, size) + micros;
}

}  // namespace

std::uint64_t clock_now() { return now(CLOCK_MONOTONIC); }
std::string clock_text(std::uint64_t ns) { return text(ns, "%H:%M:%S", ::localtime_r); }
std::string clock_iso(std::uint64_t ns) { return text(ns, "%Y-%m-%dT%H:%M:%S", ::gmtime_r) + "Z"; }

}  // namespace qtee::bpf
