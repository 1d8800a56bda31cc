// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>

#include "sysreg.hpp"

namespace qtee::machine {

// For the machine's own short sections. Never taken from an exception that can interrupt a holder: EL3 runs with all
// interrupts masked.
class SpinLock {
 public:
  void lock() {
    while (held_.exchange(true, std::memory_order_acquire)) {
      while (held_.load(std::memory_order_relaxed)) cpu_yield();
    }
  }
  // For a dump, whose CPU may itself hold the lock: gives up after `tries`.
  bool try_lock(unsigned tries) {
    while (held_.exchange(true, std::memory_order_acquire)) {
      if (tries-- == 0) return false;
      cpu_yield();
    }
    return true;
  }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

class SpinGuard {
 public:
  explicit SpinGuard(SpinLock& lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() { lock_.unlock(); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  SpinLock& lock_;
};

}  // namespace qtee::machine
