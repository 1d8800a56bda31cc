// SPDX-License-Identifier: BSD-3-Clause
//
// The ids of callback objects that QTEE holds.
#pragma once

#include <cstdint>

#include "object.hpp"
#include "spinlock.hpp"

namespace qtee::fw {

// An id is here from its arrival until Linux is told of its release: Linux may not give it again in between.
//
// Locking: one lock per bucket.
class NsTable {
 public:
  // Takes an id in. False, and nothing is changed, where QTEE holds it already.
  bool insert(NsObject* object);
  // Takes an id out: its release is being told, or the message that brought it is refused.
  void remove(NsObject* object);
  bool holds(ObjectId id);
  std::uint64_t count();
  // An id with bit 31 that Linux has not given, or has been told to be free.
  ObjectId unknown_id();

 private:
  struct Bucket {
    Spinlock lock;
    NsObject* first = nullptr;
  };
  static constexpr std::uint32_t kBuckets = 256;
  Bucket& bucket_of(ObjectId id) { return buckets_[id % kBuckets]; }

  Bucket buckets_[kBuckets];
};

}  // namespace qtee::fw
