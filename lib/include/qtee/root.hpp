// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "qtee/callback_object.hpp"
#include "qtee/client.hpp"
#include "qtee/invocation.hpp"

namespace qtee {

/// QTEE's root object, as /dev/qtee lets users have it. Thread-safe but for move and assignment.
class Root final {
 public:
  enum class Op : std::uint32_t {
    open = 0,
    register_legacy = 1,
    register_as_client = 2,
    register_with_whitelist = 3,
    notify_domain_change = 4,
    register_with_credentials = 5,
    load_common_library = 6,
    configure_ta_region = 7,
    adci_accept = 8,
    adci_shutdown = 9,
  };

  /// Opens /dev/qtee. Throws std::system_error.
  static Root open();

  /// Registers as a client whose credentials `credentials` serves (see Credentials::serve()); its server must be
  /// running, for QTEE reads them meanwhile.
  Client register_client(const CallbackObject& credentials) const;

  /// The object itself, for operations without a function here.
  const Object& object() const noexcept { return object_; }

 private:
  explicit Root(Object object) noexcept : object_(std::move(object)) {}

  Object object_;
};

}  // namespace qtee
