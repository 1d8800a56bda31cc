// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "layout.hpp"
#include "sysreg.hpp"
#include "vsoc/memory_map.hpp"

namespace qtee::machine {

static_assert(vsoc::kMaxCpus == QTEE_MAX_CPUS);

enum class CpuPower : std::uint32_t { off, on_pending, on };

// One CPU. `dump` and `dump_stack` come first: vectors.S knows their offsets.
struct Cpu {
  std::uint64_t dump[32];  // x0-x30 and SP at a fatal exception
  std::byte* dump_stack;   // top of the stack that prints it

  unsigned index;
  // off -> on_pending by PSCI CPU_ON on another CPU, on_pending -> on and on -> off by this one.
  std::atomic<CpuPower> power;
  // What CPU_ON asked for; written before on_pending is published.
  std::uint64_t entry;
  std::uint64_t context;
};

static_assert(offsetof(Cpu, dump) == QTEE_CPU_DUMP);
static_assert(offsetof(Cpu, dump_stack) == QTEE_CPU_DUMP + 32 * sizeof(std::uint64_t));

// By index; the table has kMaxCpus entries, of which cpu_count() exist.
Cpu& cpu_at(unsigned index);
unsigned cpu_count();
void cpu_count_set(unsigned count);

// This CPU's number: affinity level 0, as the board counts.
inline unsigned cpu_index() { return static_cast<unsigned>(read_mpidr_el1() & 0xff); }

// Puts this CPU's entry in TPIDR_EL3, from where the vectors take it.
void cpu_register(unsigned index);

// Lets lower levels use every feature that this CPU model has, and keeps EL3 out of their performance counters.
void cpu_enable_features();

// Enters NS-EL1 at `entry` with x0 = `context`. Does not come back.
[[noreturn]] void cpu_start_ns(std::uint64_t entry, std::uint64_t context);

// CPU_OFF: sleeps until another CPU wants this one, then enters NS-EL1 where it was told to.
[[noreturn]] void cpu_sleep_until_on();

// Nanoseconds of the system counter, and the first of its ticks at which they have passed.
std::uint64_t time_now_ns();
std::uint64_t time_ticks(std::uint64_t ns);

// Takes all group 0 interrupts that are pending on this CPU. From vectors.S, or after WFI.
extern "C" void machine_fiq();

extern "C" [[noreturn]] void cpu_enter_lower(std::uint64_t entry, std::uint64_t x0, std::uint64_t spsr);

}  // namespace qtee::machine
