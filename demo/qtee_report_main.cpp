// SPDX-License-Identifier: BSD-3-Clause
//
// What the virtual SoC's firmware says is alive in it, and what it has counted since boot.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "vsoc_service.hpp"

namespace {

using Json = nlohmann::ordered_json;

Json report_json(const qtee::vsoc::Report& report) {
  return {{"tee_objects", report.tee_objects},
          {"tee_references", report.tee_references},
          {"ns_ids", report.ns_ids},
          {"ns_releases_queued", report.ns_releases_queued},
          {"mappings", report.mappings},
          {"bridges", report.bridges},
          {"calls_in_flight", report.calls_in_flight},
          {"faults", report.faults},
          {"heap_used", report.heap_used}};
}

Json counters_json(const qtee::vsoc::Counters& counters) {
  return {{"smc_total", counters.smc_total},
          {"smc_invoke", counters.smc_invoke},
          {"smc_callback_response", counters.smc_callback_response},
          {"smc_reentry", counters.smc_reentry},
          {"smc_resume", counters.smc_resume},
          {"answers_busy", counters.answers_busy},
          {"callbacks", counters.callbacks},
          {"map_regions", counters.map_regions},
          {"releases", counters.releases},
          {"async_releases", counters.async_releases},
          {"bridge_creates", counters.bridge_creates},
          {"bridge_deletes", counters.bridge_deletes},
          {"concurrent_max", counters.concurrent_max},
          {"maps_ahead", counters.maps_ahead}};
}

// This program's own reference to the service is all that there may be. Bridges and heap may last: the driver keeps
// its message buffers bridged.
bool report_is_clean(const qtee::vsoc::Report& report) {
  return report.tee_references <= 1 && report.tee_objects <= 1 && report.ns_ids == 0 &&
         report.ns_releases_queued == 0 && report.mappings == 0 && report.calls_in_flight == 0 && report.faults == 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints what is alive in the virtual SoC's QTEE, and its counters.");
  bool json = false;
  bool expect_clean = false;
  app.add_flag("--json", json, "Print JSON");
  app.add_flag("--expect-clean", expect_clean, "Fail when anything but this program's own reference is alive");
  CLI11_PARSE(app, argc, argv);

  try {
    const auto service = qtee::vsoc::Service::open(qtee::Root::open());
    const auto report = expect_clean ? service.report_until(report_is_clean) : service.report();
    const Json all{{"report", report_json(report)}, {"counters", counters_json(service.counters())}};
    if (json) {
      fmt::print("{}\n", all.dump(2));
    } else {
      for (const auto& [part, values] : all.items()) {
        fmt::print("{}\n", part);
        for (const auto& [name, value] : values.items()) fmt::print("  {:<24}{:>12}\n", name, value.dump());
      }
    }
    if (expect_clean && !report_is_clean(report)) {
      fmt::print(stderr, "qtee-report: something is left alive in QTEE\n");
      return EXIT_FAILURE;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "qtee-report: {}\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
