// SPDX-License-Identifier: BSD-3-Clause
#include "exact.hpp"

#include <chrono>
#include <thread>

#include "counter.hpp"

namespace qtee::bench {
namespace {

// Rounds of what takes little, of which 9 instructions are much, of what takes more, and of what takes long.
constexpr int kShortRounds = 1000;
constexpr double kShort = 20'000;  // instructions
constexpr int kMiddleRounds = 200;
constexpr double kMiddle = 100'000;
constexpr int kLongRounds = 31;
constexpr int kEventRounds = 5;
constexpr unsigned kSmcRounds = 4;

// Releases are sent by a worker, after the call that caused them.
void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

}  // namespace

double Exact::smcs(const Path& path) const {
  Front& front = *bench_.front;
  // The question is an SMC itself, and counts itself.
  const auto total = [&] { return front.counters().smc_total; };
  settle();
  const auto first = total();
  const auto own = total() - first;
  std::uint64_t sum = 0;
  const unsigned rounds = path.slow ? 1 : kSmcRounds;
  for (unsigned round = 0; round < rounds; ++round) {
    if (path.before) path.before();
    settle();
    const auto begin = total();
    path.work();
    settle();
    sum += total() - begin - own;
  }
  return static_cast<double>(sum) / (rounds * path.operations);
}

std::map<std::string, double> Exact::count(const Path& path) const {
  std::map<std::string, double> counters;
  if (path.counted) {
    // One counter at a time: each that a thread has costs instructions whenever it sleeps.
    const auto count = [&](const Counter& counter, int rounds) {
      return static_cast<double>(counter.count(path.work, path.before, rounds)) / path.operations;
    };
    const Counter kernel = Counter::kernel_instructions();
    const double about = count(kernel, 3) * path.operations;
    // Of what waits for RCU, as much on mainline does that has something to do before, there is no time for more.
    const bool waits = path.before && !bench_.ours;
    const int rounds = about < kShort && !waits                   ? kShortRounds
                       : about < kMiddle && !(waits && path.slow) ? kMiddleRounds
                                                                  : kLongRounds;
    counters["kernel_instructions"] = count(kernel, rounds);
    counters["user_instructions"] = count(Counter::user_instructions(), kLongRounds);
    for (const char* event : {"kmem:kmalloc", "kmem:kmem_cache_alloc", "kmem:mm_page_alloc"})
      counters["allocations"] += count(Counter::event(event), kEventRounds);
  }
  if (bench_.front != nullptr) counters["smcs"] = smcs(path);
  return counters;
}

}  // namespace qtee::bench
