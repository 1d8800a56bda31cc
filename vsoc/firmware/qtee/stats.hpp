// SPDX-License-Identifier: BSD-3-Clause
//
// What the firmware counts. Each figure is an atomic of its own; a report is exact when nothing else runs.
#pragma once

#include <atomic>
#include <cstdint>

namespace qtee::fw {

// A figure that goes up and down, or only up.
class Figure {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void sub(std::uint64_t n = 1) { value_.fetch_sub(n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }
  // Raises the figure to `n` if it is lower.
  void raise(std::uint64_t n) {
    std::uint64_t seen = get();
    while (seen < n && !value_.compare_exchange_weak(seen, n, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Stats {
  // Alive now: vsoc::Report.
  Figure tee_objects;
  Figure tee_references;
  Figure ns_ids;
  Figure ns_releases_queued;
  Figure mappings;
  Figure bridges;
  Figure calls_in_flight;
  Figure faults;

  // Since boot: vsoc::Counters.
  Figure smc_total;
  Figure smc_invoke;
  Figure smc_callback_response;
  Figure smc_reentry;
  Figure smc_resume;
  Figure answers_busy;
  Figure callbacks;
  Figure map_regions;
  Figure releases;
  Figure async_releases;
  Figure bridge_creates;
  Figure bridge_deletes;
  Figure concurrent_max;
  Figure maps_ahead;

  std::atomic<std::uint32_t> inside{0};  // CPUs in firmware_smc now
};

}  // namespace qtee::fw
