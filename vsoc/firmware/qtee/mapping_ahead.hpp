// SPDX-License-Identifier: BSD-3-Clause
//
// Mapping information that Linux sends ahead: asynchronous messages in the outbound buffer of an invocation, which say
// where the memory of the memory objects is that it passes, so that QTEE need not ask by MAP_REGION.
//
// A message is {u32 version, u32 op 3, u32 count, u32 unused} and count times {u32 memory object, u32 map object, u64
// paddr, u64 size, u32 permissions, u32 unused}; messages begin at multiples of 8, and a version of 0 ends them.
#pragma once

#include <cstddef>
#include <span>

#include "call.hpp"
#include "object.hpp"

namespace qtee::fw {

struct CallState;

inline constexpr std::uint32_t kAsyncOpMemoryObject = 3;

// What one invocation brings. Nothing in it is believed: what is wrong is a fault, and not used.
class MappingsAhead {
 public:
  MappingsAhead() = default;
  MappingsAhead(const MappingsAhead&) = delete;
  ~MappingsAhead();

  // Copies the messages, before anything else looks at the buffer. False, with nothing taken, where there is no memory
  // for the map objects.
  bool read(std::span<const std::byte> out);
  // Gives the information to the memory objects that the call has taken in. Every map object's id is taken in as well,
  // and let go again where it belongs to nothing.
  void take(CallState& call);

 private:
  struct Entry {
    ObjectId object;
    ObjectId map_object;
    MapInfo info;
    NsObject* node;
  };
  bool read_message(std::span<const std::byte> out, std::size_t& at);

  unsigned count_ = 0;
  Entry entries_[kArgsOfAKind];
};

}  // namespace qtee::fw
