// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <utility>

#include "qtee/invocation.hpp"
#include "qtee/service_uid.hpp"

namespace qtee::services {

/// What QTEE tells about itself. Thread-safe but for move and assignment.
class Diagnostics final {
 public:
  static constexpr ServiceUid kUid{143};
  enum class Op : std::uint32_t { query_heap_info = 0 };

  /// Bytes, as they travel.
  struct HeapInfo {
    std::uint32_t total;
    std::uint32_t used;
    std::uint32_t free;
    std::uint32_t overhead;
    std::uint32_t wasted;
    std::uint32_t largest_free;
  };
  static_assert(sizeof(HeapInfo) == 24);

  explicit Diagnostics(Object object) noexcept : object_(std::move(object)) {}

  HeapInfo heap_info() const;

  const Object& object() const noexcept { return object_; }

 private:
  Object object_;
};

}  // namespace qtee::services
