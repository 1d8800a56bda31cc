// SPDX-License-Identifier: BSD-3-Clause
#include "service.hpp"

namespace qtee::judge {

using tee::Outcome;
using vsoc::Op;

Outcome Service::echo(const std::vector<std::byte>& in, std::vector<std::byte>& out, std::size_t& actual) const {
  return run(call(Op::echo).in(in).out(out.data(), out.size(), &actual));
}

Outcome Service::fill(tee::Ref memory, const vsoc::FillRequest& request) const {
  return run(call(Op::fill).in_value(request).in_ref(memory));
}

Outcome Service::checksum(tee::Ref memory, const vsoc::RangeRequest& request, std::uint64_t& sum) const {
  return run(call(Op::checksum).in_value(request).out_value(sum).in_ref(memory));
}

Outcome Service::map(tee::Ref memory, const vsoc::RangeRequest& request, tee::Object& mapped) const {
  tee::Received received;
  const Outcome outcome = run(call(Op::map).in_value(request).in_ref(memory).out_object(received));
  if (outcome.ok()) mapped = received.take();
  return outcome;
}

Outcome Service::touch(const vsoc::FillRequest& request, std::uint64_t& sum) const {
  return run(call(Op::touch).in_value(request).out_value(sum));
}

Outcome Service::hold(tee::Server& server, const std::vector<std::uint64_t>& callbacks) const {
  tee::Invocation invocation = call(Op::hold);
  for (const std::uint64_t id : callbacks) invocation.in_callback(server, id);
  return run(invocation);
}

Outcome Service::give(std::vector<tee::Received>& objects) const {
  tee::Invocation invocation = call(Op::give);
  for (tee::Received& object : objects) invocation.out_object(object);
  return run(invocation);
}

Outcome Service::create(std::vector<tee::Received>& objects) const {
  tee::Invocation invocation = call(Op::create);
  for (tee::Received& object : objects) invocation.out_object(object);
  return run(invocation);
}

Outcome Service::arm(vsoc::ArmKind kind, std::uint32_t count, std::uint64_t skip) const {
  return run(call(Op::arm).in_value(vsoc::ArmRequest{static_cast<std::uint32_t>(kind), count, skip}));
}

Outcome Service::configure(vsoc::ConfigureKey key, std::uint64_t value) const {
  return run(call(Op::configure).in_value(vsoc::ConfigureRequest{static_cast<std::uint32_t>(key), 0, value}));
}

Outcome Service::nest(tee::Server& server, std::uint64_t callback, std::uint32_t depth, std::uint32_t& reached) const {
  return run(call(Op::nest).in_value(depth).out_value(reached).in_callback(server, callback));
}

std::optional<vsoc::Report> Service::report() const {
  vsoc::Report report = {};
  std::size_t size = 0;
  const Outcome outcome = run(call(Op::report).out(&report, sizeof(report), &size));
  if (!outcome.ok() || size != sizeof(report) || report.version != 1) return std::nullopt;
  return report;
}

std::optional<vsoc::Counters> Service::counters() const {
  vsoc::Counters counters = {};
  std::size_t size = 0;
  const Outcome outcome = run(call(Op::counters).out(&counters, sizeof(counters), &size));
  if (!outcome.ok() || size != sizeof(counters)) return std::nullopt;
  return counters;
}

}  // namespace qtee::judge

namespace qtee::vsoc {

std::ostream& operator<<(std::ostream& out, const Report& report) {
  return out << "{tee_objects " << report.tee_objects << ", tee_references " << report.tee_references << ", ns_ids "
             << report.ns_ids << ", ns_releases_queued " << report.ns_releases_queued << ", mappings "
             << report.mappings << ", bridges " << report.bridges << ", calls_in_flight " << report.calls_in_flight
             << ", faults " << report.faults << ", heap_used " << report.heap_used << "}";
}

}  // namespace qtee::vsoc
