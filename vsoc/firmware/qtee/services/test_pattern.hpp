// SPDX-License-Identifier: BSD-3-Clause
//
// The access contract of the test TAs: the client's pattern is there, the TA leaves its own.
#pragma once

#include <cstdint>
#include <cstring>

#include "../mapping.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::fw {

// Whether the contract held. The memory's first eight bytes change only if it did.
inline bool test_pattern_exchange(const Mapping& mapping) {
  if (!mapping.readable() || !mapping.writable() || mapping.bytes().size() < sizeof(std::uint64_t)) return false;
  std::uint64_t found;
  std::memcpy(&found, mapping.bytes().data(), sizeof found);
  if (found != vsoc::kTestPattern1) return false;
  std::memcpy(mapping.bytes().data(), &vsoc::kTestPattern2, sizeof vsoc::kTestPattern2);
  return true;
}

}  // namespace qtee::fw
