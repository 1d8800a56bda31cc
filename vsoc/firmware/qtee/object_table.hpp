// SPDX-License-Identifier: BSD-3-Clause
//
// The ids by which Linux knows QTEE's objects, and the references that it holds on them.
#pragma once

#include <atomic>
#include <cstdint>

#include "object.hpp"
#include "spinlock.hpp"

namespace qtee::fw {

// An object has one id while Linux holds references on it, and a new one afterwards. An id names a slot in its low 14
// bits and the slot's generation above: it comes again only when its slot was used 131071 times in between.
//
// Locking: a slot's lock guards the slot, and the object's id_ while the object is in it. The free list has its own.
class ObjectTable {
 public:
  // False where there is no memory.
  bool start();

  // Hands a reference to Linux: the id it is to be told, kIdNull where no slot is left. Root's is kIdRoot, uncounted.
  ObjectId expose(const TeeRef& object);
  // The object behind an id of which Linux holds a reference, or null.
  TeeRef find(ObjectId id);
  // Takes one of Linux's references back. False where Linux holds none.
  bool release(ObjectId id);
  // Counts one more reference on an id that Linux holds already. False where it holds none.
  bool add_reference(ObjectId id);

  // An id of which Linux holds references, and how many: the first in a slot from `slot` on, which moves behind it.
  // kIdNull where there is none.
  ObjectId next_held(std::uint32_t& slot, std::uint32_t& references);

  void set_root(TeeRef root) { root_ = std::move(root); }

 private:
  struct Slot {
    Spinlock lock;
    Object* object = nullptr;  // the table's own reference, null while the slot is free
    ObjectId id = kIdNull;     // the last id given out, kIdNull before the first
    std::uint32_t references = 0;
    std::uint32_t next_free = 0;
  };
  static constexpr std::uint32_t kSlotBits = 14;
  static constexpr std::uint32_t kSlots = 1u << kSlotBits;
  static constexpr std::uint32_t kNone = kSlots;

  // The slot that an id names, nullptr for one that was never used.
  Slot* slot_of(ObjectId id) {
    const std::uint32_t index = id & (kSlots - 1);
    return index < used_.load(std::memory_order_acquire) ? &slots_[index] : nullptr;
  }
  std::uint32_t slot_take();
  void slot_give(std::uint32_t slot);

  Slot* slots_ = nullptr;
  TeeRef root_;
  std::atomic<std::uint32_t> used_{0};  // slots that were ever used: only those are set up
  Spinlock free_lock_;  // guards the list of free slots: first in, first out, so that ids stay unused for long
  std::uint32_t free_head_ = kNone;
  std::uint32_t free_tail_ = kNone;
};

}  // namespace qtee::fw
