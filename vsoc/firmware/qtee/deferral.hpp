// SPDX-License-Identifier: BSD-3-Clause
//
// Calls that were answered INTERRUPTED or WAITQ_SLEEP and go on later, with the registers that they first came with.
#pragma once

#include <atomic>
#include <cstdint>

#include "firmware.hpp"
#include "spinlock.hpp"

namespace qtee::fw {

inline constexpr std::uint32_t kFidInvoke = 0x72000602;
inline constexpr std::uint32_t kFidCallbackResponse = 0x72000601;

// Locking: one lock.
class Deferral {
 public:
  // Wait queues that GET_INFO reports. Linux that never asked knows of queue 0 only, and sleeps nowhere else.
  static constexpr std::uint32_t kWaitQueues = 2;

  // Answers INTERRUPTED, with the session id in x6. False, the frame untouched, where no room is left.
  bool interrupt(SmcFrame& frame);
  // A re-entry: puts the call's registers back. False where x6 is no such session, or x1 to x5 are not as they were.
  bool reenter(SmcFrame& frame);

  // Answers WAITQ_SLEEP and raises the interrupt. False, the frame untouched, where no room is left.
  bool sleep(SmcFrame& frame);
  // GET_WQ_CTX: false where nobody is to be woken.
  bool next_wakeup(std::uint64_t& queue, bool& more);
  // RESUME of the call in x2. A wake-up names a queue and no call, so Linux may resume the wrong one, or one too early:
  // that sleeps on, and is answered WAITQ_SLEEP as before. Only `awake` puts the call's registers back; with `unknown`
  // the frame is untouched.
  enum class Resumed : std::uint8_t { unknown, asleep, awake };
  Resumed resume(SmcFrame& frame);

  // Invocations among those that wait here.
  std::uint64_t invocations();

  // GET_INFO came: all queues may be used.
  void info_asked() { queues_.store(kWaitQueues, std::memory_order_relaxed); }

 private:
  enum class Stage : std::uint8_t { free, interrupted, sleeping };
  struct Entry {
    Stage stage = Stage::free;
    std::uint32_t id = 0;
    std::uint32_t queue = 0;
    SmcFrame frame{};
  };
  static constexpr std::uint32_t kEntries = 64;

  Entry* take(const SmcFrame& frame, Stage stage);
  Entry* find(std::uint64_t id, Stage stage);
  static void answer_asleep(SmcFrame& frame, const Entry& entry);
  void put_back(SmcFrame& frame, Entry& entry);

  std::atomic<std::uint32_t> queues_{1};
  Spinlock lock_;
  Entry entries_[kEntries];
  std::uint32_t last_id_ = 0;
  std::uint32_t wakeups_[kWaitQueues] = {};  // not yet fetched
  std::uint32_t woken_[kWaitQueues] = {};    // fetched, and their calls not yet resumed
};

}  // namespace qtee::fw
