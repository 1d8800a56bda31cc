// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace qtee::bpf {

/// ns of CLOCK_MONOTONIC, which are the events' times.
std::uint64_t clock_now();

/// "12:34:56.123456", local time of a monotonic time.
std::string clock_text(std::uint64_t ns);

/// "2026-11-23T12:34:56.123456Z", for machines.
std::string clock_iso(std::uint64_t ns);

}  // namespace qtee::bpf
