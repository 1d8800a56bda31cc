// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace qtee::vsoc {

// Where the kernel's log first tells of something that must not happen.
struct Complaint {
  std::size_t at;         // offset of the line
  std::string_view line;  // without its end
};

// The first warning, BUG, oops, panic, lock or memory report and the like; nothing in a clean log.
std::optional<Complaint> kernel_log_complaint(std::string_view log);

// At most the last `count` lines.
std::string_view log_tail(std::string_view log, std::size_t count);

// From `before` lines before the line that starts at an offset, at most `count` lines.
std::string_view log_around(std::string_view log, std::size_t at, std::size_t before, std::size_t count);

}  // namespace qtee::vsoc
