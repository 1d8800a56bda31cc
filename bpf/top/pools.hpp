// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace qtee::bpf {

/// A pool of message buffers, as its folder in sysfs says; docs/tuning.md has what each is.
struct Pool {
  std::uint64_t size = 0;  // bytes of a buffer
  std::uint64_t count = 0, idle = 0, cached = 0, limit = 0;
  std::uint64_t hits = 0, misses = 0, waits = 0, failures = 0;  // since the driver was loaded
  std::uint64_t waiting = 0;                                    // threads, now
  std::uint64_t longest_ns = 0;                                 // of those
  std::uint64_t waited_ns = 0;                                  // by those that do no longer, since the tool began

  /// Buffers that messages are in.
  std::uint64_t in_use() const { return count > idle + cached ? count - idle - cached : 0; }
  /// With what has grown since `last` in place of all that grows.
  Pool since(const Pool& last) const;
};

/// By name.
using Pools = std::map<std::string, Pool>;

/// The folder of the driver's pools; "" where there is none.
std::string pools_folder();
/// What the folder says; the rest is 0. A pool that goes meanwhile is left out.
Pools pools_read(const std::string& folder);

}  // namespace qtee::bpf
