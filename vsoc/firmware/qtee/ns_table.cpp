// SPDX-License-Identifier: BSD-3-Clause

#include "ns_table.hpp"

namespace qtee::fw {

bool NsTable::insert(NsObject* object) {
  Bucket& bucket = bucket_of(object->id_);
  SpinGuard guard(bucket.lock);
  for (NsObject* at = bucket.first; at != nullptr; at = at->chain_) {
    if (at->id_ == object->id_) return false;
  }
  object->chain_ = bucket.first;
  bucket.first = object;
  return true;
}

void NsTable::remove(NsObject* object) {
  Bucket& bucket = bucket_of(object->id_);
  SpinGuard guard(bucket.lock);
  for (NsObject** at = &bucket.first; *at != nullptr; at = &(*at)->chain_) {
    if (*at != object) continue;
    *at = object->chain_;
    return;
  }
}

bool NsTable::holds(ObjectId id) {
  Bucket& bucket = bucket_of(id);
  SpinGuard guard(bucket.lock);
  for (NsObject* at = bucket.first; at != nullptr; at = at->chain_) {
    if (at->id_ == id) return true;
  }
  return false;
}

std::uint64_t NsTable::count() {
  std::uint64_t count = 0;
  for (Bucket& bucket : buckets_) {
    SpinGuard guard(bucket.lock);
    for (const NsObject* at = bucket.first; at != nullptr; at = at->chain_) ++count;
  }
  return count;
}

ObjectId NsTable::unknown_id() {
  // Linux counts its ids up from 0x80000001: those at the top are the last it would come to.
  ObjectId id = 0xFFFFFFF0;
  while (holds(id)) --id;
  return id;
}

}  // namespace qtee::fw
