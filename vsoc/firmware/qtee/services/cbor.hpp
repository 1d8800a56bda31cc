// SPDX-License-Identifier: BSD-3-Clause
//
// The credentials that a client presents: a CBOR map with small integer keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace qtee::fw {

// Keys of the map.
enum class CredentialKey : std::uint64_t {
  uid = 1,
  package_flags = 2,
  package_name = 3,
  package_certificate = 4,
  permissions = 5,
  system_time = 6,  // ms since the epoch
};

// What of it the firmware keeps.
struct Credentials {
  std::uint64_t uid = 0;
  std::uint64_t system_time_ms = 0;
  std::uint64_t package_flags = 0;
  char package_name[64] = {};  // cut where it is longer
  bool has_uid = false;
};

// Parses exactly one definite-length map that fills `bytes`. Keys must be unsigned and differ; unknown keys are
// skipped; a known key must have a value of its type; uid must be there. Returns whether all that holds; otherwise
// `credentials` is undefined.
bool credentials_parse(std::span<const std::byte> bytes, Credentials& credentials);

}  // namespace qtee::fw
