// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include "demo.hpp"

namespace qtee::demo {
namespace {

// The demo's own handles in the end, all of them TEE objects: environment, controller and application.
constexpr std::uint64_t kOwnHandles = 3;

// Beside TEE objects and bridges: nothing of that may last beyond a call.
bool nothing_pending(const vsoc::Report& report, const vsoc::Report& baseline) {
  return report.ns_ids == baseline.ns_ids && report.ns_releases_queued == 0 && report.mappings == baseline.mappings &&
         report.calls_in_flight == baseline.calls_in_flight && report.faults == baseline.faults;
}

std::string describe(const vsoc::Report& report, const vsoc::Report& baseline) {
  return fmt::format(
      "TEE objects {}, references {}, our objects {}, releases queued {}, mappings {}, calls {}, faults {}, bridges {}",
      report.tee_objects - baseline.tee_objects, report.tee_references - baseline.tee_references,
      report.ns_ids - baseline.ns_ids, report.ns_releases_queued, report.mappings - baseline.mappings,
      report.calls_in_flight - baseline.calls_in_flight, report.faults - baseline.faults, report.bridges);
}

}  // namespace

void Demo::baseline() {
  steps_.run("baseline", [&] {
    service_ = vsoc::Service::open(*root_);
    baseline_ = service_->report();
    return fmt::format("the firmware's report before we begin: {} TEE objects, {} objects of ours, {} mappings",
                       baseline_.tee_objects, baseline_.ns_ids, baseline_.mappings);
  });
}

void Demo::report_alive() {
  steps_.run("alive", [&] {
    const auto expected = [&](const vsoc::Report& report) {
      return report.tee_references == baseline_.tee_references + kOwnHandles && nothing_pending(report, baseline_);
    };
    const vsoc::Report report = service_->report_until(expected);
    const std::string text = describe(report, baseline_);
    require(expected(report), fmt::format("expected {} references and nothing else; there are {}", kOwnHandles, text));
    return fmt::format("only our own {} handles: {}", kOwnHandles, text);
  });
}

bool Demo::report_clean() {
  bool clean = false;
  steps_.run("release", [&] {
    app_.reset();
    controller_.reset();
    client_ = Client();
    const auto expected = [&](const vsoc::Report& report) {
      return report.tee_references == baseline_.tee_references && report.tee_objects == baseline_.tee_objects &&
             nothing_pending(report, baseline_);
    };
    const vsoc::Report report = service_->report_until(expected);
    const std::string text = describe(report, baseline_);
    require(expected(report), "something is left alive: " + text);
    require(server_->references() == 0, "QTEE holds an object of ours");
    require(!server_->failure(), "the callback server ended: " + server_->failure().message());
    clean = true;
    return "nothing left alive: " + text;
  });
  return clean;
}

}  // namespace qtee::demo
