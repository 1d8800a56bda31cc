// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <compare>
#include <cstdint>

namespace qtee {

/// The number by which a client environment, or a TA's opener, knows a service.
class ServiceUid final {
 public:
  constexpr explicit ServiceUid(std::uint32_t value) noexcept : value_(value) {}

  constexpr std::uint32_t value() const noexcept { return value_; }

  friend constexpr auto operator<=>(ServiceUid, ServiceUid) = default;

 private:
  std::uint32_t value_;
};

}  // namespace qtee
