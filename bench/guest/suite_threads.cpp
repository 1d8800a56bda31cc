// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include "crowd.hpp"
#include "suite.hpp"

namespace qtee::bench {
namespace {

// One path: threads that invoke at once, beside one thread that does as much as each of them. Both are run one after
// the other, so that what else the machine does meets both.
class Threads final {
 public:
  Threads(unsigned threads, unsigned times, std::function<void(unsigned)> work)
      : threads_(threads), times_(times), work_(std::move(work)) {}

  void run() {
    alone_ += crowd_run(1, times_, work_).seconds;
    const CrowdResult together = crowd_run(threads_, times_, work_);
    together_ += last_ = together.seconds;
    contended_ += together.lock_contentions;
    ++runs_;
  }
  double took() const { return 1e9 * last_ / (threads_ * times_); }
  // Since it was asked last.
  std::map<std::string, double> more() {
    std::map<std::string, double> counters;
    if (together_ > 0) counters["speedup"] = threads_ * alone_ / together_;
    if (contended_ >= 0) counters["lock_contentions"] = contended_ / (threads_ * times_ * runs_);
    alone_ = together_ = contended_ = runs_ = 0;
    return counters;
  }

 private:
  const unsigned threads_, times_;
  const std::function<void(unsigned)> work_;
  double alone_ = 0, together_ = 0, last_ = 0, contended_ = 0, runs_ = 0;
};

}  // namespace

Paths suite_threads(Bench& bench) {
  Front& front = *bench.front;
  // Clients of their own, each with its object, made when they are first needed.
  const auto others = std::make_shared<std::vector<std::unique_ptr<Front>>>();
  Paths paths;
  for (const unsigned us : {0u, 500u})
    for (const unsigned threads : {1u, 2u, 4u})
      for (const bool own : {false, true}) {
        if (own && threads == 1) continue;
        const auto work = [&front, others, us, own](unsigned thread) {
          Front& client = own && thread != 0 ? *(*others)[thread - 1] : front;
          us == 0 ? client.null() : client.work(us * std::uint64_t{1000});
        };
        const auto run = std::make_shared<Threads>(threads, us == 0 ? 300 : 30, work);
        paths.push_back({.name = fmt::format("threads/{}x{}us{}", threads, us, own ? "_own" : ""),
                         .work = [run] { run->run(); },
                         .operations = threads,
                         .setup =
                             [&bench, others, threads] {
                               while (others->size() + 1 < threads) others->push_back(bench.front_make());
                             },
                         .took = [run] { return run->took(); },
                         .more = [run] { return run->more(); },
                         .counted = false,
                         .slow = threads == 4 || (own && us == 0)});
      }
  return paths;
}

}  // namespace qtee::bench
