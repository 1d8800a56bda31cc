// SPDX-License-Identifier: BSD-3-Clause
#include "crowd.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "counter.hpp"

namespace qtee::bench {
namespace {

void pin(unsigned cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
}

std::optional<Counter> contention_counter() {
  try {
    return Counter::event("lock:contention_begin");
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

CrowdResult crowd_run(unsigned threads, unsigned times, const std::function<void(unsigned)>& work) {
  using Clock = std::chrono::steady_clock;
  // Not those that this thread may run on.
  const auto cpus = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
  std::barrier begin(threads + 1);
  std::atomic<std::uint64_t> contended = 0;
  std::atomic<bool> known = true;
  // By the threads' own clocks: this one may be the last that gets a CPU.
  std::vector<Clock::time_point> begins(threads), ends(threads);
  std::mutex mutex;
  std::exception_ptr failure;

  std::vector<std::thread> all;
  for (unsigned thread = 0; thread < threads; ++thread)
    all.emplace_back([&, thread] {
      pin(thread % cpus);
      const auto counter = contention_counter();
      const auto loop = [&] {
        begins[thread] = Clock::now();
        for (unsigned time = 0; time < times; ++time) work(thread);
        ends[thread] = Clock::now();
      };
      begin.arrive_and_wait();
      try {
        if (counter) {
          contended += counter->once(loop);
        } else {
          known = false;
          loop();
        }
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
      }
    });
  begin.arrive_and_wait();
  for (std::thread& thread : all) thread.join();
  if (failure) std::rethrow_exception(failure);
  return {std::chrono::duration<double>(*std::ranges::max_element(ends) - *std::ranges::min_element(begins)).count(),
          known ? static_cast<double>(contended) : -1};
}

}  // namespace qtee::bench
