// SPDX-License-Identifier: BSD-3-Clause
//
// The seam between the two layers of the firmware: the machine gives CPUs, memory and time; the QTEE layer answers
// SMCs. Nothing above this line of the design knows a register, and nothing below knows an object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace qtee::fw {

// x0 to x7 of an SMC, as the caller set them and as it will find them.
struct SmcFrame {
  std::uint64_t x[8];
};

// What the QTEE layer asks of the machine it runs on. Every function may be called on any CPU at any time.
class Machine {
 public:
  // The bytes at a non-secure physical range, or nullptr where any of it is not non-secure RAM.
  virtual std::byte* ns_memory(std::uint64_t paddr, std::uint64_t size) = 0;
  virtual std::uint64_t now_ns() = 0;
  // Spins; a hint to the CPU is all that a machine need do.
  virtual void relax() = 0;
  // Makes the wait-queue interrupt pending on the non-secure side.
  virtual void raise_waitq_irq() = 0;
  // The same, so many nanoseconds later. A machine without a timer does it at once.
  virtual void raise_waitq_irq_after([[maybe_unused]] std::uint64_t ns) { raise_waitq_irq(); }
  // The interrupt's number as WAITQ GET_INFO reports it, 0 where there is none.
  virtual std::uint32_t waitq_hwirq() = 0;
  // One line to the secure console.
  virtual void log(std::string_view line) = 0;

 protected:
  ~Machine() = default;
};

// Makes the QTEE layer on this machine, with all of its memory from `heap`. Called once, before any SMC.
void firmware_start(Machine& machine, std::span<std::byte> heap);

// Answers one SMC of owner SIP or TRUSTED_OS. Safe on all CPUs at once. Anything it does not know gets x0 = -1.
void firmware_smc(SmcFrame& frame);

// Logs what is alive, as the private service's report has it. Returns whether nothing is: what vsoc/run turns into
// a failure of the run. Called when the machine goes off.
bool firmware_report_at_exit();

}  // namespace qtee::fw
