// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <utility>

#include "qtee/invocation.hpp"
#include "qtee/service_uid.hpp"

namespace qtee::services {

/// Versions of QTEE and its features. Thread-safe but for move and assignment.
class FeatureVersions final {
 public:
  static constexpr ServiceUid kUid{2033};
  enum class Op : std::uint32_t { get = 0 };
  /// The feature that is QTEE itself.
  static constexpr std::uint32_t kQtee = 10;

  struct Version {
    std::uint32_t major;
    std::uint32_t minor;
    std::uint32_t patch;
  };

  explicit FeatureVersions(Object object) noexcept : object_(std::move(object)) {}

  /// The version word of a feature.
  std::uint32_t get(std::uint32_t feature) const;
  /// QTEE's version, taken apart.
  Version qtee() const;

  const Object& object() const noexcept { return object_; }

 private:
  Object object_;
};

}  // namespace qtee::services
