// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "qtee/callback_object.hpp"
#include "qtee/callback_server.hpp"

namespace qtee {

/// Who a client says it is: a CBOR map of its user id and the time, which QTEE reads through a callback object. A
/// plain value.
class Credentials final {
 public:
  Credentials(std::uint32_t uid, std::chrono::milliseconds since_epoch);
  /// This process, now.
  static Credentials of_process();

  /// CBOR: {1: uid, 6: milliseconds since the epoch}.
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

  /// An object that gives the bytes to QTEE: getLength (0) and readAtOffset (1); writing is INVALID.
  CallbackObject serve(CallbackServer& server) const;

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace qtee
