// SPDX-License-Identifier: BSD-3-Clause

#include "async_queue.hpp"

#include "call.hpp"

#include "heap.hpp"
#include "message.hpp"
#include "state.hpp"

namespace qtee::fw {

void AsyncQueue::append(List& list, NsObject* object) {
  object->queue_ = nullptr;
  *list.tail = object;
  list.tail = &object->queue_;
}

void AsyncQueue::push(NsObject* object) {
  const bool waits = object->out_paddr_ != 0 && state().machine->now_ns() < object->not_before_ns_;
  SpinGuard guard(lock_);
  append(waits ? waiting_ : ready_, object);
  auto& count = waits ? waiting_count_ : ready_count_;
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void AsyncQueue::handed_back(NsObject& object, std::uint64_t out_paddr) {
  // Two answers at once may hand one id back: then the later deadline decides, and either buffer proves nothing about
  // the other.
  const std::uint64_t until = state().machine->now_ns() + kHandedBackNs;
  SpinGuard guard(lock_);
  object.out_paddr_ = object.out_paddr_ == 0 || object.out_paddr_ == out_paddr ? out_paddr : ~std::uint64_t{0};
  object.not_before_ns_ = until;
}

void AsyncQueue::buffer_reused(std::uint64_t out_paddr) {
  if (waiting_count_.load(std::memory_order_acquire) == 0) return;
  const std::uint64_t now = state().machine->now_ns();
  SpinGuard guard(lock_);
  List still;
  std::uint32_t moved = 0;
  for (NsObject* at = waiting_.head; at != nullptr;) {
    NsObject* next = at->queue_;
    if (at->out_paddr_ == out_paddr || now >= at->not_before_ns_) {
      append(ready_, at);
      ++moved;
    } else {
      append(still, at);
    }
    at = next;
  }
  waiting_.head = still.head;
  waiting_.tail = still.head == nullptr ? &waiting_.head : still.tail;
  waiting_count_.store(waiting_count_.load(std::memory_order_relaxed) - moved, std::memory_order_relaxed);
  ready_count_.store(ready_count_.load(std::memory_order_relaxed) + moved, std::memory_order_relaxed);
}

unsigned AsyncQueue::take(NsObject** objects, unsigned count) {
  unsigned taken = 0;
  {
    SpinGuard guard(lock_);
    while (taken < count && ready_.head != nullptr) {
      NsObject* object = ready_.head;
      ready_.head = object->queue_;
      if (ready_.head == nullptr) ready_.tail = &ready_.head;
      objects[taken++] = object;
    }
    ready_count_.store(ready_count_.load(std::memory_order_relaxed) - taken, std::memory_order_relaxed);
  }
  for (unsigned at = 0; at < taken; ++at) state().ns_objects.remove(objects[at]);
  state().stats.ns_releases_queued.sub(taken);
  return taken;
}

NsObject* AsyncQueue::pop() {
  NsObject* object = nullptr;
  if (ready_count_.load(std::memory_order_acquire) != 0) take(&object, 1);
  return object;
}

void AsyncQueue::write(std::span<std::byte> room) {
  std::size_t at = 0;
  const bool by_callback = state().release_by_callback.load(std::memory_order_relaxed);
  while (!by_callback && ready_count_.load(std::memory_order_acquire) != 0 &&
         room.size() >= at + message_async_size(1)) {
    unsigned fits = static_cast<unsigned>((room.size() - at - message_async_size(0)) / sizeof(ObjectId));
    if (fits > kIdsPerMessage) fits = kIdsPerMessage;
    NsObject* objects[kIdsPerMessage];
    const unsigned count = take(objects, fits);
    if (count == 0) break;
    ObjectId ids[kIdsPerMessage];
    for (unsigned index = 0; index < count; ++index) {
      ids[index] = objects[index]->id();
      heap_delete(objects[index]);
    }
    at = message_put_async(room, at, version(), kOpRelease, count, {ids, count});
    state().stats.async_releases.add(count);
  }
  if (room.size() >= at + sizeof(std::uint32_t)) message_put_word(room, at, 0);
}

}  // namespace qtee::fw
