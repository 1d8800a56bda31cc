// SPDX-License-Identifier: BSD-3-Clause
//
// Releases of callback objects on their way to Linux.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "object.hpp"
#include "spinlock.hpp"

namespace qtee::fw {

// The last reference to an id goes at any time; Linux hears of it in the next outbound buffer that has room: behind a
// callback request, or at the start of the buffer of a final answer. Queueing needs no memory, so nothing is lost.
//
// An id that a final answer hands back must outlive Linux's reading of that answer, and QTEE never hears that it has
// been read. So such an id waits until Linux uses the same outbound buffer again, which proves it, or for a time.
//
// Locking: one lock, held for list operations only.
class AsyncQueue {
 public:
  // Queues the release of an object without references.
  void push(NsObject* object);
  // An invocation comes in with this outbound buffer: releases that waited for it are ready. Cheap where none waits.
  void buffer_reused(std::uint64_t out_paddr);
  // Notes that a final answer in this outbound buffer hands the id back. The caller holds a reference.
  void handed_back(NsObject& object, std::uint64_t out_paddr);
  // Writes as many messages as fit, and the word of zero behind the last one where a word is left. `room` begins where
  // Linux looks for messages. Ids that were written are no longer held.
  void write(std::span<std::byte> room);
  // Takes the next ready release out, for a callback that tells it: its id is no longer held, the object is the
  // caller's to delete. Null where there is none.
  NsObject* pop();

  std::uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void set_version(std::uint32_t version) { version_.store(version, std::memory_order_relaxed); }

 private:
  struct List {
    NsObject* head = nullptr;
    NsObject** tail = &head;
  };
  static constexpr unsigned kIdsPerMessage = 16;
  static constexpr std::uint64_t kHandedBackNs = 250'000'000;

  void append(List& list, NsObject* object);
  unsigned take(NsObject** objects, unsigned count);

  Spinlock lock_;
  List ready_;
  List waiting_;                               // handed back, and Linux may not have read the answer
  std::atomic<std::uint32_t> ready_count_{0};  // written under the lock, read without as a hint
  std::atomic<std::uint32_t> waiting_count_{0};
  std::atomic<std::uint32_t> version_{0x00010002};
};

}  // namespace qtee::fw
