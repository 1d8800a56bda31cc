// SPDX-License-Identifier: BSD-3-Clause
//
// The calls that have begun and not ended, by their outbound buffers.
#pragma once

#include <cstdint>

#include "spinlock.hpp"

namespace qtee::fw {

struct CallState;

// A call's link in the chain of one granule that its outbound buffer touches.
struct CallLink {
  CallState* call = nullptr;
  CallLink* next = nullptr;
};

// No two calls here have outbound buffers that overlap. Memory is cut in granules as large as the largest outbound
// buffer, so a buffer touches two at most, and two buffers that overlap meet in one.
//
// Locking: one lock per bucket of granules. It guards the chain and the `waiting` of the calls in it.
class CallTable {
 public:
  // Takes a call in; false where another one's outbound buffer overlaps.
  bool insert(CallState& call);
  void remove(CallState& call);
  // Marks a call as waiting for Linux's answer. Nothing of it may be touched afterwards.
  void wait(CallState& call);
  // The call that waits with exactly this outbound buffer, marked as running again; or nullptr.
  CallState* resume(std::uint64_t out_paddr, std::uint64_t out_size);
  std::uint64_t count();

 private:
  struct Bucket {
    Spinlock lock;
    CallLink* first = nullptr;
  };
  static constexpr std::uint32_t kBuckets = 64;
  Bucket& bucket_of(std::uint64_t granule) { return buckets_[granule % kBuckets]; }
  bool insert_link(CallState& call, CallLink& link, std::uint64_t granule);
  void remove_link(CallLink& link, std::uint64_t granule);

  Bucket buckets_[kBuckets];
};

}  // namespace qtee::fw
