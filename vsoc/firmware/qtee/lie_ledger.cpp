// SPDX-License-Identifier: BSD-3-Clause

#include "lie_ledger.hpp"

namespace qtee::fw {

void LieLedger::add(std::uint64_t key, std::uint32_t count) {
  SpinGuard guard(lock_);
  for (Note& note : notes_) {
    if (note.key != key) continue;
    note.left += count;
    return;
  }
  notes_[next_] = {key, count};
  next_ = (next_ + 1) % kNotes;
}

bool LieLedger::use(std::uint64_t key) {
  SpinGuard guard(lock_);
  for (Note& note : notes_) {
    if (note.key != key || note.left == 0) continue;
    --note.left;
    return true;
  }
  return false;
}

void LieLedger::forgive_release(ObjectId id, std::uint32_t count) { add(id, count); }

bool LieLedger::release_forgiven(ObjectId id) { return use(id); }

bool LieLedger::invoke_forgiven(ObjectId id) {
  SpinGuard guard(lock_);
  for (const Note& note : notes_) {
    if (note.key == id && id != kIdNull) return true;
  }
  return false;
}

void LieLedger::forgive_answer(std::uint64_t out_paddr) { add(out_paddr | kAnswer, 1); }

bool LieLedger::answer_forgiven(std::uint64_t out_paddr) { return use(out_paddr | kAnswer); }

}  // namespace qtee::fw
