// SPDX-License-Identifier: BSD-3-Clause
//
// The start of the QTEE layer.

#include "firmware.hpp"

#include <new>

#include "heap.hpp"
#include "registry.hpp"
#include "state.hpp"

namespace qtee::fw {

constinit State* g_state = nullptr;

namespace {

alignas(State) constinit std::byte g_state_memory[sizeof(State)]{};

}  // namespace

void spinlock_relax() { state().machine->relax(); }

void firmware_start(Machine& machine, std::span<std::byte> heap) {
  // A second start, as tests do it, drops everything with the heap that it lived in.
  g_state = ::new (g_state_memory) State(machine);
  heap_start(heap);
  registry_start();
  g_state->stats.concurrent_max.raise(1);
  if (g_state->objects.start() && g_state->bridges.start() && services_start() && private_service_start()) return;
  machine.log("QTEE can't start: too little secure memory");
  __builtin_trap();
}

}  // namespace qtee::fw
