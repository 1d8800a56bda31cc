// SPDX-License-Identifier: BSD-3-Clause
//
// A memory object of Linux, mapped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "object.hpp"
#include "result.hpp"

namespace qtee::fw {

// Owns a mapping. While it lives, the bridges that cover it can't be deleted; its end lets the map object go, which is
// how Linux learns that QTEE has unmapped.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  explicit operator bool() const { return static_cast<bool>(map_object_); }
  // The memory, shared with Linux: copy, then check the copy.
  std::span<std::byte> bytes() const { return bytes_; }
  std::uint64_t paddr() const { return paddr_; }
  bool readable() const { return (perms_ & 4) != 0; }
  bool writable() const { return (perms_ & 2) != 0; }

 private:
  friend struct MappingMaker;
  std::span<std::byte> bytes_;
  std::uint64_t paddr_ = 0;
  std::uint32_t perms_ = 0;
  bool bridged_ = false;  // holds the bridges over paddr_
  NsRef map_object_;
};

// What `co_await call.map(memory_object)` yields; Linux is asked by MAP_REGION unless it has told ahead. `result` is
// kOk exactly if there is a mapping; otherwise what Linux answered, kBadObject for a null reference, kInvalid where
// Linux's answer makes no sense (not RAM, not page aligned, no map object), kRemote where no live bridge covers it,
// kKmem out of memory.
struct MapResult {
  MapResult(Result code) : result(code) {}
  MapResult(Mapping made) : result(kOk), mapping(std::move(made)) {}
  Result result;
  Mapping mapping;
};

}  // namespace qtee::fw
