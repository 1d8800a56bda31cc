// SPDX-License-Identifier: BSD-3-Clause
//
// All that the QTEE layer keeps, in one place, made by firmware_start.
#pragma once

#include "async_queue.hpp"
#include "bridge_table.hpp"
#include "call_table.hpp"
#include "deferral.hpp"
#include "firmware.hpp"
#include "lie_ledger.hpp"
#include "ns_table.hpp"
#include "object_table.hpp"
#include "private_arms.hpp"
#include "stats.hpp"

namespace qtee::fw {

struct State {
  explicit State(Machine& on) : machine(&on) {}

  Machine* machine;
  Stats stats;
  ObjectTable objects;
  NsTable ns_objects;
  AsyncQueue async;
  BridgeTable bridges;
  CallTable calls;
  Deferral deferral;
  Arms arms;
  LieLedger lies;
  std::atomic<bool> release_by_callback{false};
  std::atomic<std::uint32_t> contexts{0};  // bound of calls in QTEE at once, 0: none
  std::atomic<std::uint32_t> calls_inside{0};
};

extern State* g_state;
inline State& state() { return *g_state; }

}  // namespace qtee::fw
