// SPDX-License-Identifier: BSD-3-Clause
#include "counter.hpp"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "file.hpp"

namespace qtee::bench {

namespace {

// Switching takes some instructions more or less each time; the least of few would not always be the same. Trace events
// are passed in it or not.
constexpr int kOwnRounds = 1000;
constexpr int kOwnEventRounds = 5;

// What fewer rounds than one in so many took is chance: a lock that happened to be free, a worker that was awake. The
// random offset of the stack makes one round in sixteen the shortest.
constexpr std::size_t kSeldom = 50;

}  // namespace

Counter::Counter(std::uint32_t type, std::uint64_t config, bool kernel, bool user) {
  perf_event_attr attr{};
  attr.type = type;
  attr.size = sizeof attr;
  attr.config = config;
  attr.disabled = 1;
  attr.exclude_user = !user;
  attr.exclude_kernel = !kernel;
  attr.exclude_hv = type == PERF_TYPE_HARDWARE;
  event_ = FileDescriptor(static_cast<int>(::syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event_)
    throw std::system_error(errno, std::generic_category(), "count instructions (is this vsoc/run --icount?)");
  own_ = count([] {}, {}, type == PERF_TYPE_TRACEPOINT ? kOwnEventRounds : kOwnRounds);
}

Counter Counter::kernel_instructions() { return {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, true, false}; }
Counter Counter::user_instructions() { return {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, false, true}; }

Counter Counter::event(const std::string& name) {
  std::string path = name;
  std::ranges::replace(path, ':', '/');
  return {PERF_TYPE_TRACEPOINT, std::stoull(test::file_read("/sys/kernel/tracing/events/" + path + "/id")), true, true};
}

std::uint64_t Counter::once(const std::function<void()>& work) const {
  std::uint64_t counted = 0;
  ::ioctl(event_.get(), PERF_EVENT_IOC_RESET, 0);
  ::ioctl(event_.get(), PERF_EVENT_IOC_ENABLE, 0);
  work();
  ::ioctl(event_.get(), PERF_EVENT_IOC_DISABLE, 0);
  if (::read(event_.get(), &counted, sizeof counted) != sizeof counted)
    throw std::system_error(errno, std::generic_category(), "read the counter");
  return counted;
}

std::uint64_t Counter::count(const std::function<void()>& work, const std::function<void()>& before, int rounds) const {
  std::vector<std::uint64_t> counts;
  counts.reserve(static_cast<std::size_t>(rounds));
  for (int round = 0; round < rounds; ++round) {
    if (before) before();
    counts.push_back(once(work));
  }
  std::ranges::sort(counts);
  const std::size_t often = std::max<std::size_t>(1, counts.size() / kSeldom);
  std::size_t at = 0;
  while (at + often <= counts.size() && counts[at + often - 1] != counts[at]) ++at;
  const std::uint64_t least = at + often <= counts.size() ? counts[at] : counts[counts.size() / 2];
  return least - std::min(least, own_);
}

}  // namespace qtee::bench
