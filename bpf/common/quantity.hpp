// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers as people write and read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qtee::bpf {

/// "20ms", "1.5s", "300us", "5ns", "2m"; without a unit seconds. In ns. Throws std::invalid_argument, which says what
/// is wrong, for anything else, negative ones and more than 10 years.
std::uint64_t duration_parse(std::string_view text);

/// Three digits and a unit: "999 ns", "1.23 us", "45.6 ms", "7.89 s".
std::string duration_format(std::uint64_t ns);

/// "1,234,567".
std::string count_format(std::uint64_t count);

/// "12.3 %"; "-" where `all` is 0.
std::string share_format(std::uint64_t part, std::uint64_t all);

/// Decimal, or hexadecimal with 0x. Throws std::invalid_argument, which says what is wrong.
std::uint64_t number_parse(std::string_view text, std::uint64_t max);

}  // namespace qtee::bpf
