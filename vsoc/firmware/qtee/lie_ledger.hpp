// SPDX-License-Identifier: BSD-3-Clause
//
// What Linux will do wrong because QTEE lied to it.
#pragma once

#include <cstdint>

#include "object.hpp"
#include "spinlock.hpp"

namespace qtee::fw {

// After a lie a correct Linux may do what would be a fault otherwise: release an id that it was handed twice and that
// was counted once, or answer a callback that was none. The lie notes it here, and so much of it is no fault.
// Everything beyond still is, so a test may demand that `faults` does not move across any lie.
//
// Notes are few and old ones are overwritten. Only the paths that would count a fault look here.
class LieLedger {
 public:
  // `count` releases of an id that Linux does not hold, and any invocation on it, are no faults.
  void forgive_release(ObjectId id, std::uint32_t count);
  bool release_forgiven(ObjectId id);
  bool invoke_forgiven(ObjectId id);
  // One callback response for a call that does not wait is no fault.
  void forgive_answer(std::uint64_t out_paddr);
  bool answer_forgiven(std::uint64_t out_paddr);

 private:
  struct Note {
    std::uint64_t key = 0;  // an id, or an outbound buffer's address with kAnswer
    std::uint32_t left = 0;
  };
  static constexpr std::uint64_t kAnswer = std::uint64_t{1} << 63;
  static constexpr std::uint32_t kNotes = 128;

  void add(std::uint64_t key, std::uint32_t count);
  bool use(std::uint64_t key);

  Spinlock lock_;
  Note notes_[kNotes];
  std::uint32_t next_ = 0;
};

}  // namespace qtee::fw
