// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace qtee::bpf {

using Json = nlohmann::ordered_json;

/// Version of all tools' lines of JSON. A line's keys may become more within one version; none goes or changes its
/// meaning.
inline constexpr int kSchema = 1;

/// A line of JSON to be: {"schema": 1, "tool": …, "type": …, "time": …}. `ns` is monotonic.
Json json_line(std::string_view tool, std::string_view type, std::uint64_t ns);

/// Text that a terminal takes as nothing but text: what is not printable ASCII is a question mark. Names of processes
/// and functions are their owners' to choose.
std::string printable(std::string_view text);

/// Writes and flushes a line, so that who reads a pipe has it at once. Throws std::system_error.
void line_write(std::string_view line);
void json_write(const Json& line);

/// Writes a line to the standard error output: what is no result.
void remark_write(std::string_view tool, std::string_view line);

}  // namespace qtee::bpf
