// SPDX-License-Identifier: BSD-3-Clause
#include "exact.hpp"

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "bytes.hpp"

namespace qtee::bench {
namespace {

constexpr int kRounds = 31;
constexpr unsigned kSmcRounds = 4;

// Releases are sent by a worker, after the call that caused them.
void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

}  // namespace

double Exact::smcs(const Path& path) const {
  Front& front = *bench_.front;
  // The question is an SMC itself, and counts itself.
  const auto total = [&] { return front.counters().smc_total; };
  const auto first = total();
  const auto own = total() - first;
  std::uint64_t sum = 0;
  for (unsigned round = 0; round < kSmcRounds; ++round) {
    if (path.before) path.before();
    settle();
    const auto begin = total();
    path.work();
    settle();
    sum += total() - begin - own;
  }
  return static_cast<double>(sum) / (kSmcRounds * path.operations);
}

std::map<std::string, double> Exact::count(const Path& path) const {
  std::map<std::string, double> counters;
  if (path.counted) {
    counters["kernel_instructions"] =
        static_cast<double>(kernel_.count(path.work, path.before, kRounds)) / path.operations;
    counters["user_instructions"] = static_cast<double>(user_.count(path.work, path.before, kRounds)) / path.operations;
    double allocations = 0;
    for (const Counter& counter : allocations_)
      allocations += static_cast<double>(counter.count(path.work, path.before, 5)) / path.operations;
    counters["allocations"] = allocations;
  }
  if (bench_.front != nullptr) counters["smcs"] = smcs(path);
  if (path.bytes) {
    try {
      const Bytes bytes;
      counters.merge(bytes.count(path.work));
    } catch (const std::runtime_error& error) {
      fmt::print(stderr, "bench_guest: bytes are not counted: {}\n", error.what());
    }
  }
  return counters;
}

}  // namespace qtee::bench
