// SPDX-License-Identifier: BSD-3-Clause

#include "object_table.hpp"

#include "heap.hpp"
#include "state.hpp"

namespace qtee::fw {

bool ObjectTable::start() {
  slots_ = static_cast<Slot*>(heap_alloc(sizeof(Slot) * kSlots));
  return slots_ != nullptr;
}

std::uint32_t ObjectTable::slot_take() {
  SpinGuard guard(free_lock_);
  if (const std::uint32_t fresh = used_.load(std::memory_order_relaxed); fresh < kSlots) {
    ::new (&slots_[fresh]) Slot;
    used_.store(fresh + 1, std::memory_order_release);
    return fresh;
  }
  const std::uint32_t slot = free_head_;
  if (slot == kNone) return kNone;
  free_head_ = slots_[slot].next_free;
  if (free_head_ == kNone) free_tail_ = kNone;
  return slot;
}

void ObjectTable::slot_give(std::uint32_t slot) {
  SpinGuard guard(free_lock_);
  slots_[slot].next_free = kNone;
  if (free_tail_ == kNone) {
    free_head_ = slot;
  } else {
    slots_[free_tail_].next_free = slot;
  }
  free_tail_ = slot;
}

ObjectId ObjectTable::expose(const TeeRef& object) {
  if (object.get() == root_.get()) return kIdRoot;
  for (;;) {
    const ObjectId known = object->id_.load(std::memory_order_acquire);
    if (known != kIdNull) {
      if (Slot* slot = slot_of(known); true) {
        SpinGuard guard(slot->lock);
        if (slot->object == object.get() && slot->id == known) {
          ++slot->references;
          state().stats.tee_references.add();
          return known;
        }
      }
      continue;  // its last reference went meanwhile
    }
    const std::uint32_t index = slot_take();
    if (index == kNone) return kIdNull;
    bool raced = false;
    ObjectId id;
    {
      Slot& slot = slots_[index];
      SpinGuard guard(slot.lock);
      std::uint32_t generation = (slot.id >> kSlotBits) + 1;
      if (generation == 1u << (31 - kSlotBits)) generation = 1;
      id = generation << kSlotBits | index;
      ObjectId none = kIdNull;
      if (object->id_.compare_exchange_strong(none, id, std::memory_order_acq_rel)) {
        object->ref();
        slot.object = object.get();
        slot.id = id;
        slot.references = 1;
      } else {
        raced = true;
      }
    }
    if (!raced) {
      state().stats.tee_references.add();
      return id;
    }
    slot_give(index);
  }
}

TeeRef ObjectTable::find(ObjectId id) {
  if (id == kIdRoot) return root_;
  if (object_id_is_ns(id)) return nullptr;
  Slot* slot = slot_of(id);
  if (slot == nullptr) return nullptr;
  SpinGuard guard(slot->lock);
  if (slot->object == nullptr || slot->id != id) return nullptr;
  return TeeRef::share(slot->object);
}

bool ObjectTable::add_reference(ObjectId id) {
  if (object_id_is_ns(id)) return false;
  Slot* slot = slot_of(id);
  if (slot == nullptr) return false;
  SpinGuard guard(slot->lock);
  if (slot->object == nullptr || slot->id != id) return false;
  ++slot->references;
  state().stats.tee_references.add();
  return true;
}

ObjectId ObjectTable::next_held(std::uint32_t& slot, std::uint32_t& references) {
  while (slot < used_.load(std::memory_order_acquire)) {
    Slot& at = slots_[slot++];
    SpinGuard guard(at.lock);
    if (at.object == nullptr) continue;
    references = at.references;
    return at.id;
  }
  return kIdNull;
}

bool ObjectTable::release(ObjectId id) {
  if (object_id_is_ns(id)) return false;
  Slot* slot = slot_of(id);
  if (slot == nullptr) return false;
  TeeRef last;  // goes out of scope behind the lock: an object may do anything when it ends
  {
    SpinGuard guard(slot->lock);
    if (slot->object == nullptr || slot->id != id) return false;
    state().stats.tee_references.sub();
    if (--slot->references != 0) return true;
    slot->object->id_.store(kIdNull, std::memory_order_release);
    last = TeeRef::adopt(slot->object);
    slot->object = nullptr;
  }
  slot_give(id & (kSlots - 1));
  return true;
}

}  // namespace qtee::fw
