// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>

namespace qtee {

/// The number of an operation of an object's interface. 0 to 0xFFFD can be invoked; the driver refuses the others.
/// A scoped enumeration of an interface's operations converts by itself.
class OpCode final {
 public:
  constexpr explicit OpCode(std::uint32_t value) noexcept : value_(value) {}

  template <class Enum>
    requires(std::is_enum_v<Enum> && !std::is_convertible_v<Enum, int>)
  constexpr OpCode(Enum value) noexcept : value_(static_cast<std::uint32_t>(value)) {}  // NOLINT: implicit by design

  constexpr std::uint32_t value() const noexcept { return value_; }

  friend constexpr auto operator<=>(OpCode, OpCode) = default;

 private:
  std::uint32_t value_;
};

}  // namespace qtee
