// SPDX-License-Identifier: BSD-3-Clause
//
// Runs at NS-EL1 in the place of Linux, MMU off, and checks what the machine layer promises. Ends QEMU with 0 through
// SYSTEM_OFF, or with kCheckFailed through semihosting.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "line.hpp"
#include "probe.hpp"
#include "sysreg.hpp"
#include "vsoc/memory_map.hpp"

using qtee::machine::Line;
using qtee::machine::mmio_read32;
using qtee::machine::mmio_read64;
using qtee::machine::mmio_write32;
namespace probe = qtee::probe;
namespace vsoc = qtee::vsoc;

using Registers = std::array<std::uint64_t, 31>;

extern "C" {
void payload_secondary_start();
void smc_all(const std::uint64_t* in, std::uint64_t* out);
[[noreturn]] void payload_main(std::uint64_t dtb);
[[noreturn]] void payload_secondary(std::uint64_t context, std::uint64_t others);
[[noreturn]] void payload_exception(std::uint64_t esr, std::uint64_t elr);
}

namespace {

constexpr std::uint64_t error(int code) { return static_cast<std::uint64_t>(std::int64_t{code}); }
constexpr std::uint64_t kCpuOff = 0x84000002;
constexpr std::uint64_t kCpuOn = 0xC4000003;
constexpr std::uint64_t kAffinityInfo = 0xC4000004;

void print(std::string_view text) {
  for (char c : text) mmio_write32(vsoc::kUartLinuxBase, static_cast<unsigned char>(c));
  mmio_write32(vsoc::kUartLinuxBase, '\n');
}

[[noreturn]] void exit_failed() {
  const volatile std::uint64_t block[2] = {0x20026, probe::kCheckFailed};
  register std::uint64_t operation asm("x0") = 0x20;
  register const volatile std::uint64_t* parameter asm("x1") = block;
  asm volatile("hlt #0xf000" : "+r"(operation) : "r"(parameter) : "memory");
  for (;;) {
  }
}

void expect(std::uint64_t got, std::uint64_t want, std::string_view what, std::uint64_t where = 0) {
  if (got == want) return;
  Line line;
  print(
      line.text("FAILED: ").text(what).text(" at ").number(where).text(": ").hex(got).text(", not ").hex(want).view());
  exit_failed();
}

// As an SMC sees and leaves x0 to x3; the rest is checked to be unchanged.
struct Answer {
  std::uint64_t x[8];
};

Answer smc(std::uint64_t function, std::uint64_t x1 = 0, std::uint64_t x2 = 0, std::uint64_t x3 = 0,
           unsigned results = 4) {
  static volatile std::uint64_t counter = 0;
  Registers in;
  Registers out;
  counter = counter + 1;
  const std::uint64_t seed = counter * 0x9E3779B97F4A7C15u;
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = seed ^ (i * 0x0101010101010101u);
  in[0] = function;
  in[1] = x1;
  in[2] = x2;
  in[3] = x3;
  smc_all(in.data(), out.data());
  for (std::size_t i = results; i < in.size(); ++i) expect(out[i], in[i], "register not preserved", i);
  Answer answer;
  for (std::size_t i = 0; i < 8; ++i) answer.x[i] = out[i];
  return answer;
}

std::uint64_t psci(std::uint64_t function, std::uint64_t x1 = 0, std::uint64_t x2 = 0, std::uint64_t x3 = 0) {
  return smc(function, x1, x2, x3, 1).x[0];  // PSCI changes x0 alone
}

void check_entry(std::uint64_t dtb) {
  std::uint64_t el;
  asm("mrs %0, CurrentEL" : "=r"(el));
  expect(el >> 2, 1, "exception level");
  std::uint64_t daif;
  asm("mrs %0, daif" : "=r"(daif));
  expect(daif, 0x3c0, "interrupt masks");
  expect(qtee::machine::read_sctlr_el1() & 0x1005, 0, "MMU and caches");
  expect(dtb, vsoc::kDtbBase, "address of the device tree");
}

void check_calling_convention() {
  expect(psci(0x80000000), 0x10002, "SMCCC_VERSION");
  expect(psci(0x80000001, 0x80000000), 0, "SMCCC_ARCH_FEATURES of SMCCC_VERSION");
  expect(psci(0x80000001, 0x80008000), 1, "WORKAROUND_1");
  expect(psci(0x80000001, 0x80007fff), error(-2), "WORKAROUND_2");
  expect(psci(0x80000001, 0x80003fff), 1, "WORKAROUND_3");
  expect(psci(0x80000001, 0x12345678), error(-1), "unknown architecture feature");
  // Every owner but SIP, standard and trusted OS; fast and yielding.
  for (std::uint64_t owner = 0; owner < 64; ++owner) {
    if (owner == 2 || owner == 4 || owner == 50) continue;
    expect(psci(0xC0001234 | owner << 24), error(-1), "unknown fast call", owner);
    expect(psci(0x40001234 | owner << 24), error(-1), "unknown yielding call", owner);
  }
  expect(psci(0x8600ff01), error(-1), "hypervisor UUID");
  expect(psci(0x840000ff), error(-1), "unknown PSCI call");
  expect(smc(probe::kInterrupted).x[0], probe::kInterruptedAnswer, "SMC 1");
  expect(smc(0x72001234).x[0], error(-1), "trusted OS call");

  Registers in;
  Registers out;
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = 0x1111111111111111u * (i % 15 + 1);
  in[0] = probe::kEcho;
  smc_all(in.data(), out.data());
  expect(out[0], 0, "x0 of echo");
  for (std::size_t i = 1; i < 8; ++i) expect(out[i], ~in[i], "echo", i);
  for (std::size_t i = 8; i < in.size(); ++i) expect(out[i], in[i], "echo left alone", i);
}

void check_psci() {
  expect(psci(0x84000000), 0x10001, "PSCI_VERSION");
  expect(psci(0x84000006), 2, "MIGRATE_INFO_TYPE");
  for (std::uint64_t function : {0x84000000u, 0x84000001u, 0xC4000001u, 0x84000002u, 0x84000003u, 0xC4000003u,
                                 0x84000004u, 0xC4000004u, 0x84000008u, 0x84000009u, 0x8400000au, 0x80000000u}) {
    expect(psci(0x8400000a, function), 0, "PSCI_FEATURES", function);
  }
  expect(psci(0x8400000a, 0x84000005), error(-1), "PSCI_FEATURES of MIGRATE");
  expect(psci(0xC4000001, 1 << 16), error(-2), "CPU_SUSPEND to power down");
  const auto entry = reinterpret_cast<std::uint64_t>(&payload_secondary_start);
  expect(psci(kCpuOn, 0, entry), error(-4), "CPU_ON of the caller");
  expect(psci(kCpuOn, 99, entry), error(-2), "CPU_ON of no CPU");
  expect(psci(kCpuOn, 0x80000000, entry), error(-2), "CPU_ON of no CPU");
  expect(psci(kAffinityInfo, 0, 0), 0, "AFFINITY_INFO of the caller");
  expect(psci(kAffinityInfo, 99, 0), error(-2), "AFFINITY_INFO of no CPU");
  expect(psci(kAffinityInfo, 0, 1), error(-2), "AFFINITY_INFO of a cluster");
}

bool interrupt_pending() { return (qtee::machine::read_isr_el1() >> 7 & 1) != 0; }

// The emulator's own threads may not run for a second and more, on a machine with other work.
void wait_interrupt() {
  constexpr std::uint64_t kSeconds = 20;
  const std::uint64_t start = qtee::machine::read_cntpct_el0();
  while (!interrupt_pending()) {
    if (qtee::machine::read_cntpct_el0() - start > kSeconds * qtee::machine::read_cntfrq_el0())
      expect(0, 1, "interrupt in 20 s");
  }
}

void take_interrupt() {
  std::uint64_t id;
  asm volatile("mrs %0, S3_0_C12_C12_0" : "=r"(id));  // ICC_IAR1_EL1
  expect(id, vsoc::kWaitqHwirq, "acknowledged interrupt");
  asm volatile("msr S3_0_C12_C12_1, %0" ::"r"(id));  // ICC_EOIR1_EL1
  qtee::machine::cpu_isb();
}

// One box per CPU. Written on one side, polled on the other, MMU off: each access goes to memory.
struct Box {
  volatile std::uint64_t arrived;  // context of the last CPU_ON
  volatile std::uint64_t others;   // what was in x1 to x30
  volatile std::uint64_t go;       // calls to make before CPU_OFF
};
constexpr std::uint64_t kGoRaise = ~std::uint64_t{0};  // or to ask for an interrupt in 50 ms
Box boxes[vsoc::kMaxCpus];

void wait_off(unsigned cpu) {
  while (psci(kAffinityInfo, cpu) != 1) asm volatile("yield");
}

void check_cpus() {
  const auto entry = reinterpret_cast<std::uint64_t>(&payload_secondary_start);
  unsigned count = 1;
  while (count < vsoc::kMaxCpus && psci(kAffinityInfo, count) == 1) ++count;
  for (unsigned cpu = 1; cpu < count; ++cpu) {
    expect(psci(kCpuOn, cpu, vsoc::kSecureRamBase), error(-9), "CPU_ON in secure RAM", cpu);
    expect(psci(kCpuOn, cpu, entry + 2), error(-9), "CPU_ON at an odd address", cpu);
    for (std::uint64_t round = 1; round <= 20; ++round) {
      boxes[cpu].arrived = 0;
      boxes[cpu].go = 0;
      const std::uint64_t context = round << 32 | cpu;
      expect(psci(kCpuOn, cpu, entry, context), 0, "CPU_ON", cpu);
      const std::uint64_t again = psci(kCpuOn, cpu, entry, 0);
      if (again != error(-5)) expect(again, error(-4), "CPU_ON twice", cpu);
      while (boxes[cpu].arrived == 0) asm volatile("yield");
      expect(boxes[cpu].arrived, context, "context", cpu);
      expect(boxes[cpu].others, 0, "registers at CPU_ON", cpu);
      expect(psci(kAffinityInfo, cpu), 0, "AFFINITY_INFO of a running CPU", cpu);
      boxes[cpu].go = 1;
      wait_off(cpu);
    }
  }
  // A CPU asks for an interrupt and goes off before it is due.
  if (count > 1) {
    boxes[1].go = kGoRaise;
    expect(psci(kCpuOn, 1, entry, 1), 0, "CPU_ON", 1);
    wait_off(1);
    wait_interrupt();
    take_interrupt();
  }
  // All at once, each keeping its own registers.
  for (unsigned cpu = 1; cpu < count; ++cpu) {
    boxes[cpu].go = 500;
    expect(psci(kCpuOn, cpu, entry, cpu), 0, "CPU_ON", cpu);
  }
  for (unsigned i = 0; i < 500; ++i) expect(smc(probe::kEcho, i, 0, 0, 8).x[1], ~std::uint64_t{i}, "echo", 0);
  for (unsigned cpu = 1; cpu < count; ++cpu) wait_off(cpu);
  Line line;
  print(line.number(count).text(" CPUs").view());
}

std::uint64_t ns_memory(std::uint64_t address, std::uint64_t size) {
  const Answer answer = smc(probe::kNsMemory, address, size, 0, 8);
  expect(answer.x[0], 0, "ns_memory");
  return answer.x[1];
}

void check_memory(std::uint64_t ram_size) {
  const std::uint64_t end = vsoc::kRamBase + ram_size;
  const std::uint64_t max = ~std::uint64_t{0};
  expect(ns_memory(vsoc::kRamBase, 1), vsoc::kRamBase, "first byte");
  expect(ns_memory(end - 1, 1), end - 1, "last byte");
  expect(ns_memory(vsoc::kRamBase, ram_size), vsoc::kRamBase, "all of it");
  expect(ns_memory(end, 0), end, "nothing, at the end");
  expect(ns_memory(vsoc::kRamBase - 1, 1), 0, "before");
  expect(ns_memory(vsoc::kRamBase - 1, 2), 0, "across the start");
  expect(ns_memory(end, 1), 0, "behind");
  expect(ns_memory(end - 1, 2), 0, "across the end");
  expect(ns_memory(end - 1, max), 0, "overflow");
  expect(ns_memory(vsoc::kRamBase, max), 0, "overflow");
  expect(ns_memory(max, 2), 0, "overflow");
  expect(ns_memory(vsoc::kSecureRamBase, 1), 0, "secure RAM");
  expect(ns_memory(0, 1), 0, "address 0");
  expect(smc(probe::kCopy, 0, 0, 0, 8).x[1], 0, "failures of memory functions");
}

void check_time() {
  const std::uint64_t first = smc(probe::kNow).x[1];
  const std::uint64_t frequency = qtee::machine::read_cntfrq_el0();
  const std::uint64_t ticks = frequency / 100;  // 10 ms
  const std::uint64_t start = qtee::machine::read_cntpct_el0();
  while (qtee::machine::read_cntpct_el0() - start < ticks) {
  }
  const std::uint64_t passed = smc(probe::kNow).x[1] - first;
  if (passed < 10'000'000 || passed > 1'000'000'000) expect(passed, 10'000'000, "nanoseconds in 10 ms");
}

// The GIC as Linux would set it up, for one interrupt.
void check_interrupt() {
  using qtee::machine::cpu_isb;
  constexpr std::uint64_t kBase = vsoc::kGicDistributorBase;
  constexpr std::uint32_t kId = vsoc::kWaitqHwirq;
  mmio_write32(kBase, mmio_read32(kBase) | 1 << 4 | 1 << 1);                 // affinity routing, group 1
  mmio_write32(kBase + 0xc00 + kId / 16 * 4, 2u << kId % 16 * 2);            // edge
  *reinterpret_cast<volatile std::uint64_t*>(kBase + 0x6000 + kId * 8) = 0;  // to CPU 0
  mmio_write32(kBase + 0x100 + kId / 32 * 4, 1u << kId % 32);                // enabled
  expect(mmio_read32(kBase + 0x100 + kId / 32 * 4) >> kId % 32 & 1, 1, "interrupt is non-secure");
  asm volatile("msr S3_0_C4_C6_0, %0" ::"r"(0xffull));  // ICC_PMR_EL1
  asm volatile("msr S3_0_C12_C12_7, %0" ::"r"(1ull));   // ICC_IGRPEN1_EL1
  cpu_isb();
  expect(interrupt_pending(), 0, "no interrupt yet");
  expect(smc(probe::kRaise).x[1], kId, "number of the interrupt");
  wait_interrupt();
  expect(psci(0xC4000001, 0), 0, "CPU_SUSPEND ends with an interrupt pending");
  take_interrupt();

  // Three moments, out of order; each is a wake-up of its own.
  constexpr std::uint64_t kMs = 1'000'000;
  const std::uint64_t begin = smc(probe::kNow).x[1];
  for (std::uint64_t ms : {60, 20, 40}) smc(probe::kRaiseAfter, ms * kMs);
  for (std::uint64_t ms : {20, 40, 60}) {
    wait_interrupt();
    const std::uint64_t passed = smc(probe::kNow).x[1] - begin;
    if (passed < ms * kMs) expect(passed, ms * kMs, "interrupt came early");
    take_interrupt();
    if (passed >= 2 * ms * kMs) break;  // a slow host: moments may have fallen together
  }
  const std::uint64_t start = qtee::machine::read_cntpct_el0();
  while (qtee::machine::read_cntpct_el0() - start < qtee::machine::read_cntfrq_el0() / 10) {
  }
  if (interrupt_pending()) take_interrupt();
  expect(smc(probe::kRaiseAfter, 0).x[0], 0, "at once");
  wait_interrupt();
  take_interrupt();
}

// Event counters stop at EL3: a long call must not show in them.
void check_performance_counters() {
  using qtee::machine::cpu_isb;
  const auto counter = [] {
    std::uint64_t value;
    cpu_isb();
    asm volatile("mrs %0, S3_3_C14_C8_0" : "=r"(value));  // PMEVCNTR0_EL0
    return value & 0xffffffff;
  };
  asm volatile("msr S3_3_C14_C12_0, %0" ::"r"(0x11ull));  // PMEVTYPER0_EL0: CPU_CYCLES, at EL1 and EL0
  asm volatile("msr S3_3_C9_C12_1, %0" ::"r"(1ull));      // PMCNTENSET_EL0
  asm volatile("msr S3_3_C9_C12_0, %0" ::"r"(1ull));      // PMCR_EL0.E
  const std::uint64_t frequency = qtee::machine::read_cntfrq_el0();

  std::uint64_t start = qtee::machine::read_cntpct_el0();
  std::uint64_t before = counter();
  while (qtee::machine::read_cntpct_el0() - start < frequency / 200) {
  }
  const std::uint64_t cycles_in_5ms = counter() - before;
  if (cycles_in_5ms < 100'000) expect(cycles_in_5ms, 5'000'000, "cycles counted at EL1 in 5 ms");

  // The emulator counts what passes while the host runs something else, so one call that shows little is enough: a
  // counter that goes on at EL3 shows each of them.
  std::uint64_t counted = ~std::uint64_t{0};
  for (int call = 0; call < 20 && counted > cycles_in_5ms; ++call) {
    before = counter();
    start = qtee::machine::read_cntpct_el0();
    expect(smc(probe::kSpin, 20'000'000).x[0], 0, "a call of 20 ms");
    const std::uint64_t passed = qtee::machine::read_cntpct_el0() - start;
    counted = counter() - before;
    if (passed < frequency / 50) expect(passed, frequency / 50, "ticks in 20 ms at EL3");
  }
  if (counted > cycles_in_5ms) expect(counted, 0, "cycles counted in 20 ms at EL3");
}

[[noreturn]] void system_off() {
  psci(0x84000008);
  expect(0, 1, "SYSTEM_OFF came back");
  exit_failed();
}

}  // namespace

void payload_main(std::uint64_t dtb) {
  const auto mode = static_cast<probe::Mode>(mmio_read64(probe::kMailbox));
  switch (mode) {
    case probe::Mode::checks:
      check_entry(dtb);
      check_calling_convention();
      check_psci();
      check_memory(mmio_read64(probe::kMailbox + 8));
      check_time();
      check_interrupt();
      check_performance_counters();
      check_cpus();
      print("all checks passed");
      break;
    case probe::Mode::reset:
      psci(0x84000009);
      break;
    case probe::Mode::trap:
      asm volatile("msr S3_0_C12_C12_6, %0" ::"r"(1ull));
      break;  // ICC_IGRPEN0_EL1
    case probe::Mode::call:
      smc(mmio_read64(probe::kMailbox + 16));
      break;
  }
  system_off();
}

void payload_secondary(std::uint64_t context, std::uint64_t others) {
  const unsigned cpu = context & 0xffffffff;
  Box& box = boxes[cpu];
  box.others = others;
  box.arrived = context;
  while (box.go == 0) asm volatile("yield");
  if (box.go == kGoRaise) smc(probe::kRaiseAfter, 50'000'000);
  for (std::uint64_t i = 0; box.go != kGoRaise && i < box.go; ++i) {
    expect(smc(probe::kEcho, cpu << 20 | i, 0, 0, 8).x[1], ~(std::uint64_t{cpu} << 20 | i), "echo", cpu);
  }
  psci(kCpuOff);
  expect(0, 1, "CPU_OFF came back");
  exit_failed();
}

void payload_exception(std::uint64_t esr, std::uint64_t elr) {
  expect(esr, 0, "exception at EL1", elr);
  exit_failed();
}
