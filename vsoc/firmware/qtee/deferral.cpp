// SPDX-License-Identifier: BSD-3-Clause

#include "deferral.hpp"

#include "state.hpp"

namespace qtee::fw {
namespace {

// Long enough for a Linux that asks again instead of waiting for the interrupt to ask too early.
constexpr std::uint64_t kWakeupDelayNs = 1'000'000;

bool is_invoke(const SmcFrame& frame) { return static_cast<std::uint32_t>(frame.x[0]) == kFidInvoke; }

}  // namespace

Deferral::Entry* Deferral::take(const SmcFrame& frame, Stage stage) {
  for (Entry& entry : entries_) {
    if (entry.stage != Stage::free) continue;
    entry.stage = stage;
    entry.id = ++last_id_ == 0 ? ++last_id_ : last_id_;
    entry.frame = frame;
    // A deferred callback response belongs to a call that is counted already.
    if (is_invoke(frame)) state().stats.calls_in_flight.add();
    return &entry;
  }
  return nullptr;
}

Deferral::Entry* Deferral::find(std::uint64_t id, Stage stage) {
  for (Entry& entry : entries_) {
    if (entry.stage == stage && entry.id == id) return &entry;
  }
  return nullptr;
}

void Deferral::put_back(SmcFrame& frame, Entry& entry) {
  frame = entry.frame;
  frame.x[6] = 0;
  if (is_invoke(frame)) state().stats.calls_in_flight.sub();
  entry.stage = Stage::free;
}

bool Deferral::interrupt(SmcFrame& frame) {
  SpinGuard guard(lock_);
  const Entry* entry = take(frame, Stage::interrupted);
  if (entry == nullptr) return false;
  frame.x[0] = 1;
  frame.x[6] = entry->id;
  return true;
}

bool Deferral::reenter(SmcFrame& frame) {
  SpinGuard guard(lock_);
  Entry* entry = find(frame.x[6], Stage::interrupted);
  if (entry == nullptr) return false;
  for (unsigned reg = 1; reg <= 5; ++reg) {
    if (frame.x[reg] != entry->frame.x[reg]) return false;
  }
  put_back(frame, *entry);
  return true;
}

bool Deferral::sleep(SmcFrame& frame) {
  {
    SpinGuard guard(lock_);
    Entry* entry = take(frame, Stage::sleeping);
    if (entry == nullptr) return false;
    entry->queue = entry->id % queues_.load(std::memory_order_relaxed);
    ++wakeups_[entry->queue];
    answer_asleep(frame, *entry);
  }
  // Late enough for the call to sleep first; were it not, Linux counts wake-ups and loses none.
  state().machine->raise_waitq_irq_after(kWakeupDelayNs);
  return true;
}

bool Deferral::next_wakeup(std::uint64_t& queue, bool& more) {
  SpinGuard guard(lock_);
  bool found = false;
  more = false;
  for (std::uint32_t at = 0; at < kWaitQueues; ++at) {
    if (wakeups_[at] == 0) continue;
    if (found) {
      more = true;
      break;
    }
    found = true;
    queue = at;
    ++woken_[at];
    more = --wakeups_[at] != 0;
    if (more) break;
  }
  return found;
}

std::uint64_t Deferral::invocations() {
  SpinGuard guard(lock_);
  std::uint64_t count = 0;
  for (const Entry& entry : entries_) count += entry.stage != Stage::free && is_invoke(entry.frame);
  return count;
}

void Deferral::answer_asleep(SmcFrame& frame, const Entry& entry) {
  frame.x[0] = 2;
  frame.x[1] = entry.queue;
  frame.x[2] = entry.id;
}

Deferral::Resumed Deferral::resume(SmcFrame& frame) {
  SpinGuard guard(lock_);
  Entry* entry = find(frame.x[2], Stage::sleeping);
  if (entry == nullptr) return Resumed::unknown;
  if (woken_[entry->queue] == 0) {
    answer_asleep(frame, *entry);
    return Resumed::asleep;
  }
  --woken_[entry->queue];
  put_back(frame, *entry);
  return Resumed::awake;
}

}  // namespace qtee::fw
