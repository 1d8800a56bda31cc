// SPDX-License-Identifier: BSD-3-Clause
#include "vsoc_service.hpp"

#include <stdexcept>
#include <thread>

namespace qtee::vsoc {

Service Service::open(const Root& root) {
  return Service(
      root.object().try_call<Object>(Root::Op::open, kUid.value()).value("open the virtual SoC's private service"));
}

Report Service::report() const {
  const Report report = object_.call<Report>(Op::report);
  if (report.version != 1) throw std::runtime_error("the private service's report has an unknown version");
  return report;
}

Report Service::report_until(const std::function<bool(const Report&)>& accepted,
                             std::chrono::milliseconds timeout) const {
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const Report now = report();
    if (accepted(now) || std::chrono::steady_clock::now() >= end) return now;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Counters Service::counters() const { return object_.call<Counters>(Op::counters); }

void Service::arm(ArmKind kind, std::uint32_t count, std::uint64_t skip) const {
  object_.call(Op::arm, ArmRequest{static_cast<std::uint32_t>(kind), count, skip});
}

void Service::configure(ConfigureKey key, std::uint64_t value) const {
  object_.call(Op::configure, ConfigureRequest{static_cast<std::uint32_t>(key), 0, value});
}

void Service::fill(const MemoryObject& memory, const FillRequest& request) const {
  object_.call(Op::fill, request, memory);
}

std::uint64_t Service::checksum(const MemoryObject& memory, const RangeRequest& range) const {
  return object_.call<std::uint64_t>(Op::checksum, range, memory);
}

}  // namespace qtee::vsoc
