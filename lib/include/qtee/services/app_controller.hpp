// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <utility>

#include "qtee/invocation.hpp"

namespace qtee::services {

/// One loaded trusted application. The last reference to it or to what it gave unloads the application. Thread-safe but
/// for move and assignment.
class AppController final {
 public:
  enum class Op : std::uint32_t {
    open_session = 0,
    unload = 1,
    get_app_object = 2,
    install_callback_object = 3,
    disconnect = 4,
    restart = 5,
  };

  explicit AppController(Object object) noexcept : object_(std::move(object)) {}

  /// The application's own object: its interface, or an opener of its services (see Client).
  Object app_object() const;
  /// Unloads the application ahead of its last reference.
  void unload() const;

  const Object& object() const noexcept { return object_; }

 private:
  Object object_;
};

}  // namespace qtee::services
