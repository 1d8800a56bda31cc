// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sched.h>

namespace qtee::test {

/// This thread stays on a CPU, the one that it is on or another, and so with that CPU's buffers, while this lives.
class Pinned final {
 public:
  explicit Pinned(unsigned cpu = static_cast<unsigned>(sched_getcpu())) {
    sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
  }
  ~Pinned() { sched_setaffinity(0, sizeof(before_), &before_); }

  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace qtee::test
