// SPDX-License-Identifier: BSD-3-Clause

#include "report.hpp"

#include "firmware.hpp"
#include "heap.hpp"
#include "log.hpp"
#include "state.hpp"

namespace qtee::fw {

vsoc::Report report_make() {
  const Stats& stats = state().stats;
  vsoc::Report report{};
  report.version = 1;
  report.tee_objects = stats.tee_objects.get();
  report.tee_references = stats.tee_references.get();
  report.ns_ids = stats.ns_ids.get();
  report.ns_releases_queued = stats.ns_releases_queued.get();
  report.mappings = stats.mappings.get();
  report.bridges = stats.bridges.get();
  report.calls_in_flight = stats.calls_in_flight.get();
  report.faults = stats.faults.get();
  report.heap_used = heap_info().used;
  return report;
}

vsoc::Counters report_counters() {
  const Stats& stats = state().stats;
  vsoc::Counters counters{};
  counters.smc_total = stats.smc_total.get();
  counters.smc_invoke = stats.smc_invoke.get();
  counters.smc_callback_response = stats.smc_callback_response.get();
  counters.smc_reentry = stats.smc_reentry.get();
  counters.smc_resume = stats.smc_resume.get();
  counters.answers_busy = stats.answers_busy.get();
  counters.callbacks = stats.callbacks.get();
  counters.map_regions = stats.map_regions.get();
  counters.releases = stats.releases.get();
  counters.async_releases = stats.async_releases.get();
  counters.bridge_creates = stats.bridge_creates.get();
  counters.bridge_deletes = stats.bridge_deletes.get();
  counters.concurrent_max = stats.concurrent_max.get();
  counters.maps_ahead = stats.maps_ahead.get();
  return counters;
}

bool report_audit() {
  State& firmware = state();
  std::uint64_t references = 0;
  std::uint32_t slot = 0;
  std::uint32_t of_one = 0;
  while (firmware.objects.next_held(slot, of_one) != kIdNull) references += of_one;
  std::uint64_t holders = 0;
  const std::uint64_t bridges = firmware.bridges.count(holders);
  const Stats& stats = firmware.stats;
  const struct {
    std::string_view name;
    std::uint64_t figure;
    std::uint64_t table;
  } lines[] = {
      {"references", stats.tee_references.get(), references},
      {"callback ids", stats.ns_ids.get() + stats.ns_releases_queued.get(), firmware.ns_objects.count()},
      {"calls", stats.calls_in_flight.get(), firmware.calls.count() + firmware.deferral.invocations()},
      {"bridges", stats.bridges.get(), bridges},
  };
  bool balanced = true;
  for (const auto& line : lines) {
    if (line.figure == line.table) continue;
    LogLine() << "the books do not balance: " << line.name << " " << line.figure << ", in the table " << line.table;
    balanced = false;
  }
  if (stats.calls_in_flight.get() == 0 && stats.mappings.get() == 0 && holders != 0) {
    LogLine() << "bridges are held " << holders << " times by nobody";
    balanced = false;
  }
  return balanced;
}

bool firmware_report_at_exit() {
  const vsoc::Report report = report_make();
  // Bridges are told and are no leak: a kernel that bridges its own pools keeps them for life. Queued releases are what
  // Linux would hear of with its next call, had it made one.
  const struct {
    std::string_view name;
    std::uint64_t value;
    bool leak;
  } lines[] = {
      {"objects hosted in QTEE", report.tee_objects, true},
      {"references that Linux holds on them", report.tee_references, true},
      {"ids of callback objects held", report.ns_ids, true},
      {"releases not yet told to Linux", report.ns_releases_queued, false},
      {"memory objects mapped", report.mappings, true},
      {"SHM bridges", report.bridges, false},
      {"calls in flight", report.calls_in_flight, true},
      {"protocol faults", report.faults, true},
  };
  bool clean = true;
  for (const auto& line : lines) {
    if (line.value == 0) continue;
    LogLine() << "at exit: " << line.name << ": " << line.value << (line.leak ? " (LEAK)" : "");
    if (line.leak) clean = false;
  }
  return report_audit() && clean;
}

}  // namespace qtee::fw
