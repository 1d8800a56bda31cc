// SPDX-License-Identifier: BSD-3-Clause
//
// Names of what the driver's trace events have as numbers; the same as those that the events print
// (tracepoints/names.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qtee::bpf {

inline constexpr std::uint32_t kRootObject = 1;
inline constexpr std::uint32_t kPrimordialObject = 0x80000000;

/// "open" of the root object, "RELEASE" of those that are not static; the number where there is no name.
std::string operation_name(std::uint32_t object, std::uint32_t op);
/// An operation of an object of which only the server's own number is known.
std::string operation_name(std::uint32_t op);
/// "0(OK)", as the events print it; "12" where there is no name.
std::string result_name(std::int32_t result);
/// "-11(EAGAIN)".
std::string error_name(std::int32_t error);
/// "0x1".
std::string object_name(std::uint64_t object);
/// "scm", "smc", "direct".
std::string transport_name(std::uint32_t transport);
/// Why QTEE was entered: "invoke", "respond", "reenter", "resume".
std::string smc_name(std::uint32_t kind);
/// What it came back with: "final", "callback", "interrupted", "sleep", "busy", "refused".
std::string answer_name(std::uint32_t answer);
/// How a reference ended: "released", "unsent", "failed", "dropped".
std::string fate_name(std::uint32_t fate);

/// An operation that is asked for.
struct Operation {
  std::uint32_t op;
  std::optional<std::uint32_t> object;  // where a name says which
  bool operator==(const Operation&) const = default;
};

/// A name or a number. Throws std::invalid_argument with all names for what is none.
Operation operation_parse(std::string_view text);

}  // namespace qtee::bpf
