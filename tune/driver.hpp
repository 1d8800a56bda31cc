// SPDX-License-Identifier: BSD-3-Clause
//
// The driver that is loaded, by its files in sysfs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "observation.hpp"
#include "settings.hpp"

namespace qtee::tune {

/// What the driver has counted at one moment.
struct Counters {
  std::uint64_t invocations = 0;  // sent to QTEE, releases among them
  std::uint64_t list_misses = 0;
  std::uint64_t pool_bytes = 0;
  std::vector<PoolSeen> pools;  // since it was loaded; pairs first
};

/// Reads what it needs at each call. All throw ToolError where the driver is not there.
class Driver final {
 public:
  /// The tunables' values in use. Limits of pools that were changed since the driver was loaded are in them.
  Settings settings() const;
  Counters counters() const;
  std::string transport() const;
  /// Changes one that is live. Throws ToolError with why the driver refuses it.
  void set(const std::string& name, const Values& values) const;
  /// Whether set() can.
  bool live(const std::string& name, const Values& values) const;

 private:
  static std::string folder();
};

/// Differences of two moments; what is no count is that of the second.
Counters counters_between(const Counters& first, const Counters& second);

}  // namespace qtee::tune
