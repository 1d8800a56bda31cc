// SPDX-License-Identifier: BSD-3-Clause
#include "quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace qtee::bpf {

std::uint64_t duration_parse(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"", 1e9}}};
  static constexpr double kMost = 10 * 365 * 86400e9;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error == std::errc{} && !std::signbit(value)) {
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& [name, ns] : kUnits)
      if (unit == name && value * ns <= kMost) return static_cast<std::uint64_t>(std::llround(value * ns));
  }
  throw std::invalid_argument(fmt::format("{} is no time: 20ms, 1.5s, 300us; seconds without a unit", text));
}

std::string duration_format(std::uint64_t ns) {
  if (ns < 1000) return fmt::format("{} ns", ns);
  double value = static_cast<double>(ns) / 1e3;
  const char* unit = "us";
  // What would be rounded to 1000 is 1.00 of the next unit.
  if (value >= 999.5) value /= 1e3, unit = "ms";
  if (value >= 999.5) value /= 1e3, unit = "s";
  const int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, digits, unit);
}

std::string count_format(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string share_format(std::uint64_t part, std::uint64_t all) {
  if (!all) return "-";
  return fmt::format("{:.1f} %", 100 * static_cast<double>(part) / static_cast<double>(all));
}

std::uint64_t number_parse(std::string_view text, std::uint64_t max) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = hex ? text.substr(2) : text;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > max)
    throw std::invalid_argument(fmt::format("{} is no number from 0 to {}", text, max));
  return value;
}

}  // namespace qtee::bpf
