// SPDX-License-Identifier: BSD-3-Clause
//
// What was seen of a workload: all that the rules look at.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "settings.hpp"

namespace qtee::tune {

/// A pool of message buffers. Counts are of the time that was watched, but for count, limit and high_water.
struct PoolSeen {
  std::string name;  // "pairs", "128k"
  std::uint32_t size = 0;
  std::uint32_t limit = 0;
  std::uint32_t count = 0;
  std::uint32_t high_water = 0;
  std::uint32_t at_once = 0;  // invocations that wanted one at once; of pairs all
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t waits = 0;
  std::uint64_t failures = 0;
  std::uint64_t no_memory = 0;  // of failures
  std::uint64_t waited_ns = 0;  // by misses, until a buffer was made or came back
  std::uint64_t waited_most_ns = 0;
  std::uint64_t made = 0;
  std::uint64_t remade = 0;       // of made, in place of one that was given back meanwhile
  std::uint64_t again = 0;        // of remade, by an invocation and not by a worker
  std::uint64_t gap_most_ns = 0;  // from giving one back to making the next
};

/// A process that hosts callback objects.
struct ServerSeen {
  std::string process;
  std::uint32_t pid = 0;
  std::uint64_t received = 0;
  std::uint64_t behind = 0;  // lay in the queue until a thread that was busy had answered another
  std::uint64_t behind_ns = 0;
  std::uint64_t behind_most_ns = 0;
  std::uint32_t busy_most = 0;  // threads that had a request at once
};

/// A process whose messages are large and copied.
struct CopierSeen {
  std::string process;
  std::uint32_t pid = 0;
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
};

struct Observation {
  std::uint64_t ns = 0;
  unsigned cpus = 1;
  unsigned page_kib = 4;
  bool cma = false;  // memory comes in any number of pages, not in powers of two
  std::string transport;
  Settings settings;  // in use

  std::uint64_t invocations = 0;  // RELEASE not among them
  std::uint64_t callbacks = 0;
  unsigned at_once = 0;
  unsigned in_qtee = 0;
  unsigned requests_at_once = 0;  // callbacks that servers had, or would
  std::uint64_t busy = 0;         // answers of QTEE's
  unsigned busy_fewest = 0;       // calls in QTEE at such an answer, the fewest; 0: not known

  /// [i]: messages of more than i times 4 KiB, and up to i + 1 times.
  std::vector<std::uint64_t> sizes;
  std::uint64_t largest = 0;
  std::uint64_t outbound_largest = 0;

  std::uint64_t list_misses = 0;  // pairs that were not in the CPU's own list
  /// How often there would have been none with so many pairs in each list, ascending.
  std::vector<std::pair<unsigned, std::uint64_t>> depths;
  std::vector<PoolSeen> pools;
  std::vector<ServerSeen> servers;
  std::vector<CopierSeen> copiers;

  std::uint64_t maps = 0;
  std::uint64_t maps_again = 0;
  std::uint64_t maps_gap_most_ns = 0;

  std::uint64_t pool_bytes = 0;
  std::uint64_t lost = 0;  // events
};

}  // namespace qtee::tune
