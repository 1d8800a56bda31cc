// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <chrono>

namespace qtee::bench {

/// How long it takes from one time that a callback object is called to the next. Any thread.
class Laps final {
 public:
  void begin() { count_ = 0; }
  void lap() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    last_ = now.count();
    if (count_++ == 0) first_ = last_.load();
  }
  /// Nanoseconds from a call to the next since begin(). 0 with fewer than two calls.
  double ns() const { return count_ < 2 ? 0 : static_cast<double>(last_ - first_) / (count_ - 1); }
  unsigned count() const { return count_; }

 private:
  std::atomic<unsigned> count_ = 0;
  std::atomic<std::chrono::steady_clock::rep> first_ = 0, last_ = 0;  // steady_clock counts in ns
};

}  // namespace qtee::bench
