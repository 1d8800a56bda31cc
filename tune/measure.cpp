// SPDX-License-Identifier: BSD-3-Clause
#include "measure.hpp"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver.hpp"
#include "qtee/file_descriptor.hpp"
#include "quiet.hpp"
#include "tool.hpp"

namespace qtee::tune {
namespace {

using bpf::ToolError;

/// Counts for this thread and what it starts from now on.
class Count final {
 public:
  Count(std::uint32_t type, std::uint64_t config, bool kernel_only) {
    perf_event_attr attr{};
    attr.size = sizeof attr;
    attr.type = type;
    attr.config = config;
    attr.disabled = 1;
    attr.inherit = 1;
    attr.exclude_user = kernel_only;
    attr.exclude_hv = kernel_only;
    event_ = FileDescriptor(static_cast<int>(::syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  }
  explicit operator bool() const { return static_cast<bool>(event_); }
  void begin() const {
    if (!event_) return;
    ::ioctl(event_.get(), PERF_EVENT_IOC_RESET, 0);
    ::ioctl(event_.get(), PERF_EVENT_IOC_ENABLE, 0);
  }
  /// What was counted since; negative where nothing can be.
  double end() const {
    std::uint64_t counted = 0;
    if (!event_) return -1;
    ::ioctl(event_.get(), PERF_EVENT_IOC_DISABLE, 0);
    return ::read(event_.get(), &counted, sizeof counted) == sizeof counted ? static_cast<double>(counted) : -1;
  }

 private:
  FileDescriptor event_;
};

Round round_run(const bpf::Options& options) {
  const Driver driver;
  const Count instructions(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, true),
      cpu(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, false);
  const Counters before = driver.counters();
  bpf::Loop loop(options, bpf::SecondSignal::ignored);
  cpu.begin();
  instructions.begin();
  loop.run([] {});
  const double counted = instructions.end(), cpu_ns = cpu.end();
  const Counters counters = counters_between(before, driver.counters());
  if (loop.interrupted()) throw ToolError("interrupted: all is as it was");
  if (loop.status()) throw ToolError(fmt::format("the command ended with status {}: all is as it was", loop.status()));
  if (!counters.invocations) throw ToolError("the command invokes nothing: all is as it was");

  const auto calls = static_cast<double>(counters.invocations);
  Round round{};
  round.invocations = counters.invocations;
  round.instructions = counted < 0 ? -1 : counted / calls;
  for (const PoolSeen& pool : counters.pools) {
    // A pair that the CPU's list lacks is not missed while the pool has one.
    round.misses += static_cast<double>(pool.misses) * 1000 / calls;
    round.failures += static_cast<double>(pool.waits + pool.failures);
  }
  round.list_misses = static_cast<double>(counters.list_misses) * 1000 / calls;
  round.cpu_ns = cpu_ns / calls;
  round.elapsed_ns = static_cast<double>(loop.length()) / calls;
  round.pool_bytes = static_cast<double>(counters.pool_bytes);
  return round;
}

}  // namespace

std::vector<Round> measure(const bpf::Options& options, unsigned rounds) {
  const Quiet quiet(!options.verbose);
  bpf::Options whole = options;
  whole.duration.reset();
  std::vector<Round> all;
  round_run(whole);
  while (all.size() < rounds) all.push_back(round_run(whole));
  return all;
}

std::vector<Measure> measures(const std::vector<Round>& before, const std::vector<Round>& after) {
  std::vector<Measure> all;
  const auto add = [&](const char* name, const char* title, double threshold, double least, bool counts,
                       double Round::* value) {
    Measure one{name, title, threshold, least, counts};
    for (const Round& round : before) one.before.push_back(round.*value);
    for (const Round& round : after) one.after.push_back(round.*value);
    for (const double of : one.before)
      if (of < 0) return;
    all.push_back(std::move(one));
  };
  add("kernel_instructions", "kernel instructions an invocation", 0.01, 0, true, &Round::instructions);
  add("pool_misses", "buffers made or waited for, of 1000 invocations", 0.05, 1, true, &Round::misses);
  add("list_misses", "pairs not in the CPU's list, of 1000 invocations", 0.05, 5, true, &Round::list_misses);
  add("waits", "invocations that waited for a buffer or had none", 0.05, 0, true, &Round::failures);
  add("cpu_ns", "CPU time an invocation, ns", 0.05, 0, true, &Round::cpu_ns);
  add("elapsed_ns", "elapsed time an invocation, ns", 0.05, 0, true, &Round::elapsed_ns);
  add("pool_bytes", "memory of message buffers, bytes", 0.1, 0, false, &Round::pool_bytes);
  return all;
}

}  // namespace qtee::tune
