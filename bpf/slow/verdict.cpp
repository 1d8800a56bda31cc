// SPDX-License-Identifier: BSD-3-Clause
#include "verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "names.hpp"
#include "output.hpp"
#include "quantity.hpp"

namespace qtee::bpf {
namespace {

constexpr std::array<std::array<const char*, 2>, SLOW_PHASES> kPhases = {{{"Linux, on the way in,", "linux_in"},
                                                                          {"The secure world", "secure"},
                                                                          {"Callbacks", "callback"},
                                                                          {"Linux, on the way out,", "linux_out"}}};

/// "20.1 ms of 20.4 ms (98.5 %)"
std::string part(std::uint64_t ns, std::uint64_t total) {
  return fmt::format("{} of {} ({})", duration_format(ns), duration_format(total), share_format(ns, total));
}

/// What the thread did in the phase for the longest, when that is a good part of it; or nothing.
std::string waiting(const slow_call& call, unsigned phase, const std::function<std::string(std::uint32_t)>& where) {
  const slow_wait* longest = nullptr;
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(call.waits, SLOW_WAITS); ++i)
    if (call.wait[i].phase == phase && (!longest || call.wait[i].ns > longest->ns)) longest = &call.wait[i];
  if (!longest || longest->ns * 4 < call.phases[phase]) return "";
  const std::string place = where(longest->stack);
  if (longest->kind == SLOW_PREEMPTED)
    return fmt::format("; for {} it could have run and another thread did", duration_format(longest->ns));
  return fmt::format("; it {} for {}{}", longest->kind == SLOW_ASLEEP ? "slept" : "ran", duration_format(longest->ns),
                     place.empty() ? "" : " in " + place);
}

std::string callback_sentence(const slow_call& call) {
  const slow_callback& longest = call.longest;
  const std::string which =
      fmt::format("callback {} of object {}", operation_name(longest.object, longest.op), object_name(longest.object));
  const std::string many = call.callbacks > 1 ? fmt::format(", the longest of {}", call.callbacks) : "";
  if (!longest.server)
    return fmt::format("Callbacks to the kernel took {}: {}{}, {}.", part(call.phases[SLOW_CALLBACK], call.total),
                       which, many, duration_format(longest.ns));
  const std::string server =
      fmt::format("{}[{}]", printable({longest.comm, ::strnlen(longest.comm, sizeof longest.comm)}), longest.server);
  const std::string failed = longest.error ? ", and failed with " + error_name(longest.error) : "";
  if (call.server_ns * 2 >= call.phases[SLOW_CALLBACK])
    return fmt::format("Server {} took {}: {}{}, {}{}.", server, part(call.server_ns, call.total), which, many,
                       duration_format(longest.server_ns), failed);
  return fmt::format("Waiting for server {} took {}: {}{}, {} for a thread of it{}.", server,
                     part(call.phases[SLOW_CALLBACK] - call.server_ns, call.total), which, many,
                     duration_format(longest.queue_ns), failed);
}

}  // namespace

const char* slow_phase_name(unsigned phase, bool machine) { return phase < SLOW_PHASES ? kPhases[phase][machine] : ""; }

const char* slow_kind_name(unsigned kind) {
  return kind == SLOW_ASLEEP ? "asleep" : kind == SLOW_PREEMPTED ? "not run" : "running";
}

std::string slow_verdict(const slow_call& call, const std::function<std::string(std::uint32_t)>& where) {
  const auto phase = static_cast<unsigned>(std::max_element(call.phases, call.phases + SLOW_PHASES) - call.phases);
  if (phase == SLOW_CALLBACK) return callback_sentence(call);
  std::string text = fmt::format("{} took {}", kPhases[phase][0], part(call.phases[phase], call.total));
  if (phase == SLOW_SECURE) {
    const auto times = [&](std::uint32_t count, const char* what) {
      if (count) text += fmt::format(", {} {}", what, count == 1 ? "once" : fmt::format("{} times", count));
    };
    times(call.interrupted, "interrupted");
    times(call.slept, "asleep");
    times(call.busy, "busy");
  }
  return text + waiting(call, phase, where) + ".";
}

}  // namespace qtee::bpf
