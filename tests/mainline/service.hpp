// SPDX-License-Identifier: BSD-3-Clause
//
// The private service of the virtual SoC, typed. Each of its objects has the same operations, so this is a view of any.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <vector>

#include "teeclient/invocation.hpp"
#include "vsoc/service.hpp"

namespace qtee::judge {

class Service final {
 public:
  explicit Service(const tee::Object& object) : object_(object) {}

  tee::Invocation call(vsoc::Op op) const { return tee::Invocation(static_cast<std::uint32_t>(op)); }
  tee::Outcome run(tee::Invocation& invocation) const { return invocation.run(object_); }
  tee::Outcome run(tee::Invocation&& invocation) const { return invocation.run(object_); }

  tee::Outcome null() const { return run(call(vsoc::Op::null)); }
  // Echoes `in` into `out`, which keeps its size; `actual` is what came back.
  tee::Outcome echo(const std::vector<std::byte>& in, std::vector<std::byte>& out, std::size_t& actual) const;
  tee::Outcome fail(std::int32_t code) const { return run(call(vsoc::Op::fail).in_value(code)); }
  tee::Outcome work(std::uint64_t ns) const { return run(call(vsoc::Op::work).in_value(ns)); }
  tee::Outcome fill(tee::Ref memory, const vsoc::FillRequest& request) const;
  tee::Outcome checksum(tee::Ref memory, const vsoc::RangeRequest& request, std::uint64_t& sum) const;
  tee::Outcome map(tee::Ref memory, const vsoc::RangeRequest& request, tee::Object& mapped) const;
  tee::Outcome touch(const vsoc::FillRequest& request, std::uint64_t& sum) const;
  tee::Outcome hold(tee::Server& server, const std::vector<std::uint64_t>& callbacks) const;
  tee::Outcome hold(tee::Ref ref) const { return run(call(vsoc::Op::hold).in_ref(ref)); }
  tee::Outcome give(std::vector<tee::Received>& objects) const;
  tee::Outcome drop(std::uint32_t count) const { return run(call(vsoc::Op::drop).in_value(count)); }
  tee::Outcome create(std::vector<tee::Received>& objects) const;
  tee::Outcome arm(vsoc::ArmKind kind, std::uint32_t count, std::uint64_t skip = 0) const;
  tee::Outcome configure(vsoc::ConfigureKey key, std::uint64_t value) const;
  tee::Outcome nest(tee::Server& server, std::uint64_t callback, std::uint32_t depth, std::uint32_t& reached) const;

  // Empty if the call failed.
  std::optional<vsoc::Report> report() const;
  std::optional<vsoc::Counters> counters() const;

 private:
  const tee::Object& object_;
};

inline constexpr std::uint32_t kDropAll = 0xFFFFFFFF;

}  // namespace qtee::judge

namespace qtee::tee {
inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << "{errno " << outcome.error << ", result " << outcome.result << "}";
}
}  // namespace qtee::tee

namespace qtee::vsoc {
std::ostream& operator<<(std::ostream& out, const Report& report);
}  // namespace qtee::vsoc
