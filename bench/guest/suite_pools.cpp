// SPDX-License-Identifier: BSD-3-Clause
#include <chrono>
#include <optional>
#include <thread>

#include "buffers.hpp"
#include "crowd.hpp"
#include "file.hpp"
#include "parameter.hpp"
#include "suite.hpp"

namespace qtee::bench {
namespace {

using Tunables = std::vector<std::pair<const char*, std::uint64_t>>;

// Tunables that have other values as long as the path is measured.
Path tuned(Path path, const Tunables& tunables) {
  const auto values = std::make_shared<std::vector<std::unique_ptr<test::Parameter>>>();
  path.setup = [values, tunables] {
    for (const auto& [name, value] : tunables) values->push_back(std::make_unique<test::Parameter>(name, value));
  };
  // In the other order: bounds may depend on each other.
  path.teardown = [values] {
    while (!values->empty()) values->pop_back();
  };
  return path;
}

// Has the pools give back what is idle, which a worker does.
void drop() {
  test::file_write("/proc/sys/vm/drop_caches", "2");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

}  // namespace

Paths suite_pools(Bench& bench) {
  if (!bench.ours) return {};
  constexpr std::size_t kClass = 100'000;  // more than a pair has room for
  constexpr unsigned kThreads = 2, kTimes = 20;
  Front& front = *bench.front;
  const auto buffers = std::make_shared<Buffers>();
  const auto null = [&front] { front.null(); };
  const auto send = [&front, buffers] { front.send(buffers->in(kClass)); };
  Paths paths;
  paths.push_back({.name = "pools/warm", .work = null});
  paths.push_back(tuned({.name = "pools/spare", .work = null}, {{"messages_per_cpu", 0}}));
  // What the page allocator takes is not the same from boot to boot.
  paths.push_back(tuned({.name = "pools/cold", .work = null, .before = drop, .counted = false, .slow = true},
                        {{"messages_per_cpu", 0}, {"messages_spare", 0}}));
  paths.push_back({.name = "pools/class_warm", .work = send});
  paths.push_back({.name = "pools/class_cold", .work = send, .before = drop, .counted = false, .slow = true});
  // Two threads, and one pair for both.
  const auto took = std::make_shared<double>();
  paths.push_back(tuned({.name = "pools/exhausted",
                         .work =
                             [&front, took] {
                               *took = 1e9 *
                                       crowd_run(kThreads, kTimes, [&](unsigned) { front.work(100'000); }).seconds /
                                       (kThreads * kTimes);
                             },
                         .operations = kThreads * kTimes,
                         .took = [took] { return *took; },
                         .counted = false,
                         .slow = true},
                        {{"messages_per_cpu", 0}, {"messages_spare", 0}, {"messages_max", 2}}));
  return paths;
}

}  // namespace qtee::bench
