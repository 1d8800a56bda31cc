// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "qtee/invocation.hpp"
#include "qtee/memory_object.hpp"
#include "qtee/service_uid.hpp"
#include "qtee/services/app_controller.hpp"

namespace qtee::services {

/// Loads trusted applications. Thread-safe but for move and assignment.
class AppLoader final {
 public:
  static constexpr ServiceUid kUid{3};
  enum class Op : std::uint32_t { load_from_buffer = 0, load_from_region = 1, load_embedded = 2, connect = 3 };

  explicit AppLoader(Object object) noexcept : object_(std::move(object)) {}

  /// Loads an ELF image that travels in the message. Throws Error with one of the interface's numbers (10 invalid
  /// buffer, 16 already loaded, 27 ELF loading…) when QTEE refuses it.
  AppController load(std::span<const std::byte> image) const;
  /// Loads an ELF image out of shared memory.
  AppController load(const MemoryObject& image) const;

  const Object& object() const noexcept { return object_; }

 private:
  Object object_;
};

}  // namespace qtee::services
