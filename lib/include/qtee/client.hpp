// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <utility>

#include "qtee/invocation.hpp"
#include "qtee/service_uid.hpp"

namespace qtee {

/// A client environment: what QTEE gives a registered client, and where services are opened. Also fits a TA's own
/// opener. Thread-safe but for move and assignment.
class Client final {
 public:
  enum class Op : std::uint32_t { open = 0 };

  Client() noexcept = default;
  /// Adopts an object whose operation 0 opens by UID.
  explicit Client(Object object) noexcept : object_(std::move(object)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(object_); }

  /// Opens the service `uid`. Throws Error with what QTEE says when there is none.
  Object open(ServiceUid uid) const;
  /// Opens a service that has a class of its own: client.open<services::Diagnostics>().
  template <class Service>
  Service open() const {
    return Service(open(Service::kUid));
  }

  const Object& object() const noexcept { return object_; }

 private:
  Object object_;
};

}  // namespace qtee
