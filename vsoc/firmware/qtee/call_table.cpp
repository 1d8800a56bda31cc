// SPDX-License-Identifier: BSD-3-Clause

#include "call_table.hpp"

#include "call_state.hpp"
#include "message.hpp"

namespace qtee::fw {
namespace {

std::uint64_t first_granule(const CallState& call) { return call.out_paddr / kOutboundMax; }
std::uint64_t last_granule(const CallState& call) { return (call.out_paddr + call.out.size() - 1) / kOutboundMax; }

}  // namespace

bool CallTable::insert_link(CallState& call, CallLink& link, std::uint64_t granule) {
  Bucket& bucket = bucket_of(granule);
  SpinGuard guard(bucket.lock);
  for (CallLink* at = bucket.first; at != nullptr; at = at->next) {
    const CallState& other = *at->call;
    if (&other == &call) continue;
    if (call.out_paddr < other.out_paddr + other.out.size() && other.out_paddr < call.out_paddr + call.out.size()) {
      return false;
    }
  }
  link.call = &call;
  link.next = bucket.first;
  bucket.first = &link;
  return true;
}

void CallTable::remove_link(CallLink& link, std::uint64_t granule) {
  Bucket& bucket = bucket_of(granule);
  SpinGuard guard(bucket.lock);
  CallLink** at = &bucket.first;
  while (*at != &link) at = &(*at)->next;
  *at = link.next;
}

bool CallTable::insert(CallState& call) {
  const std::uint64_t first = first_granule(call);
  const std::uint64_t last = last_granule(call);
  if (!insert_link(call, call.links[0], first)) return false;
  if (last == first || insert_link(call, call.links[1], last)) return true;
  remove_link(call.links[0], first);
  return false;
}

void CallTable::remove(CallState& call) {
  const std::uint64_t first = first_granule(call);
  const std::uint64_t last = last_granule(call);
  remove_link(call.links[0], first);
  if (last != first) remove_link(call.links[1], last);
}

void CallTable::wait(CallState& call) {
  SpinGuard guard(bucket_of(first_granule(call)).lock);
  call.waiting = true;
}

std::uint64_t CallTable::count() {
  std::uint64_t count = 0;
  for (Bucket& bucket : buckets_) {
    SpinGuard guard(bucket.lock);
    for (const CallLink* at = bucket.first; at != nullptr; at = at->next) count += at == &at->call->links[0];
  }
  return count;
}

CallState* CallTable::resume(std::uint64_t out_paddr, std::uint64_t out_size) {
  Bucket& bucket = bucket_of(out_paddr / kOutboundMax);
  SpinGuard guard(bucket.lock);
  for (CallLink* at = bucket.first; at != nullptr; at = at->next) {
    CallState& call = *at->call;
    if (call.out_paddr != out_paddr || call.out.size() != out_size || !call.waiting) continue;
    call.waiting = false;
    return &call;
  }
  return nullptr;
}

}  // namespace qtee::fw
