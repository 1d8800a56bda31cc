// SPDX-License-Identifier: BSD-3-Clause
#include "instructions.hpp"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace qtee::bench {

Instructions::Instructions() {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_HARDWARE;
  attr.size = sizeof attr;
  attr.config = PERF_COUNT_HW_INSTRUCTIONS;
  attr.disabled = 1;
  attr.exclude_user = 1;
  attr.exclude_hv = 1;
  event_ = FileDescriptor(static_cast<int>(::syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event_)
    throw std::system_error(errno, std::generic_category(), "count instructions (is this vsoc/run --icount?)");
  own_ = count([] {});
}

std::uint64_t Instructions::once(const std::function<void()>& work) const {
  std::uint64_t counted = 0;
  ::ioctl(event_.get(), PERF_EVENT_IOC_RESET, 0);
  ::ioctl(event_.get(), PERF_EVENT_IOC_ENABLE, 0);
  work();
  ::ioctl(event_.get(), PERF_EVENT_IOC_DISABLE, 0);
  if (::read(event_.get(), &counted, sizeof counted) != sizeof counted)
    throw std::system_error(errno, std::generic_category(), "read the counter");
  return counted;
}

std::uint64_t Instructions::count(const std::function<void()>& work, const std::function<void()>& before,
                                  int rounds) const {
  std::uint64_t least = ~std::uint64_t{0};
  for (int round = 0; round < rounds; ++round) {
    if (before) before();
    least = std::min(least, once(work));
  }
  return least - own_;
}

}  // namespace qtee::bench
