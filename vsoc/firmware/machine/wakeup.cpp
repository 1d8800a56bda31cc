// SPDX-License-Identifier: BSD-3-Clause
#include "wakeup.hpp"

#include "cpu.hpp"
#include "gic.hpp"
#include "spinlock.hpp"

namespace qtee::machine {
namespace {

constexpr std::uint64_t kFree = ~std::uint64_t{0};
constexpr std::uint64_t kTimerOn = 1;

// Invariant: while a moment is pending, the timer of at least one CPU is set for it or for an earlier one.
std::uint64_t moments[64];
unsigned used = 0;  // the first ones; in no order
SpinLock moments_lock;

std::uint64_t earliest() {
  std::uint64_t first = kFree;
  for (unsigned i = 0; i < used; ++i) {
    if (moments[i] < first) first = moments[i];
  }
  return first;
}

// This CPU's timer, for the earliest moment.
void timer_set() {
  const std::uint64_t first = earliest();
  if (first == kFree) {
    write_cntps_ctl_el1(0);
  } else {
    write_cntps_cval_el1(time_ticks(first));
    write_cntps_ctl_el1(kTimerOn);
  }
  cpu_isb();
}

}  // namespace

void wakeup_at(std::uint64_t ns) {
  bool late = ns <= time_now_ns();
  if (!late) {
    SpinGuard guard(moments_lock);
    late = used == sizeof(moments) / sizeof(moments[0]);
    if (!late) {
      moments[used++] = ns;
      timer_set();
    }
  }
  if (late) gic_set_pending(vsoc::kWaitqHwirq);
}

void wakeup_timer_fired() {
  SpinGuard guard(moments_lock);
  const std::uint64_t now = time_now_ns();
  bool due = false;
  for (unsigned i = 0; i < used;) {
    if (moments[i] <= now) {
      moments[i] = moments[--used];
      due = true;
    } else {
      ++i;
    }
  }
  timer_set();
  if (due) gic_set_pending(vsoc::kWaitqHwirq);
}

}  // namespace qtee::machine
