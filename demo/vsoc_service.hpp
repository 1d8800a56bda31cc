// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include <vsoc/service.hpp>

#include "qtee/invocation.hpp"
#include "qtee/memory_object.hpp"
#include "qtee/root.hpp"
#include "qtee/service_uid.hpp"

namespace qtee::vsoc {

/// The private service of the virtual SoC's QTEE, which answers for tests what no real QTEE would. Thread-safe but for
/// move and assignment.
class Service final {
 public:
  static constexpr ServiceUid kUid{kServiceUid};

  explicit Service(Object object) noexcept : object_(std::move(object)) {}
  /// Opens it through the root object, which this firmware lets anybody do, registered or not.
  static Service open(const Root& root);

  /// What is alive. The service's own reference is in it.
  Report report() const;
  /// Reports until `accepted`, for things that end in the background; the last one, after `timeout` at the latest.
  Report report_until(const std::function<bool(const Report&)>& accepted,
                      std::chrono::milliseconds timeout = std::chrono::seconds(2)) const;
  Counters counters() const;

  void null() const { object_.call(Op::null); }
  void arm(ArmKind kind, std::uint32_t count, std::uint64_t skip = 0) const;
  void configure(ConfigureKey key, std::uint64_t value) const;
  void fill(const MemoryObject& memory, const FillRequest& request) const;
  std::uint64_t checksum(const MemoryObject& memory, const RangeRequest& range) const;
  Object create() const { return object_.call<Object>(Op::create); }

  const Object& object() const noexcept { return object_; }

 private:
  Object object_;
};

}  // namespace qtee::vsoc
