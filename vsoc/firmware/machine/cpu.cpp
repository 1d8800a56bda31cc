// SPDX-License-Identifier: BSD-3-Clause
#include "cpu.hpp"

#include "gic.hpp"

namespace qtee::machine {
namespace {

constexpr std::uint64_t bit(unsigned n) { return std::uint64_t{1} << n; }

// SCR_EL3.
constexpr std::uint64_t kScrNs = bit(0);
constexpr std::uint64_t kScrFiq = bit(2);  // group 0 interrupts come to EL3
constexpr std::uint64_t kScrRes1 = bit(4) | bit(5);
constexpr std::uint64_t kScrRw = bit(10);

// A feature that lower levels may use only once EL3 says so: the ID register's field, its least value, SCR_EL3's bits.
struct Enable {
  std::uint64_t (*id)();
  unsigned shift;
  unsigned least;
  std::uint64_t scr;
};

constexpr Enable kEnables[] = {
    {read_id_aa64isar1, 4, 1, bit(16) | bit(17)},   // pointer authentication, QARMA5
    {read_id_aa64isar1, 8, 1, bit(16) | bit(17)},   // implementation defined
    {read_id_aa64isar2, 12, 1, bit(16) | bit(17)},  // QARMA3
    {read_id_aa64pfr0, 56, 2, bit(25)},             // SCXTNUM
    {read_id_aa64pfr1, 32, 2, bit(25)},             //
    {read_id_aa64pfr1, 8, 2, bit(26)},              // memory tagging
    {read_id_aa64mmfr0, 56, 1, bit(27)},            // fine-grained traps
    {read_id_aa64mmfr0, 60, 2, bit(28)},            // enhanced counter
    {read_id_aa64isar1, 60, 3, bit(37)},            // ACCDATA
    {read_id_aa64mmfr1, 40, 1, bit(38)},            // HCRX
    {read_id_aa64pfr1, 44, 1, bit(39)},             // guarded control stack
    {read_id_aa64pfr1, 24, 1, bit(41)},             // TPIDR2, with SME
    {read_id_aa64pfr1, 48, 1, bit(42)},             // RCW masks
    {read_id_aa64mmfr3, 0, 1, bit(43)},             // TCR2
    {read_id_aa64mmfr3, 4, 1, bit(44)},             // SCTLR2
    {read_id_aa64mmfr3, 8, 1, bit(45)},             // permission indirection
    {read_id_aa64mmfr3, 24, 1, bit(46)},            // attribute indirection
    {read_id_aa64mmfr3, 32, 1, bit(47)},            // 128-bit descriptors
    {read_id_aa64pfr2, 32, 1, bit(50)},             // FPMR
    {read_id_aa64mmfr0, 56, 2, bit(59)},            // more fine-grained traps
};

// CPTR_EL3: its other bits trap when set.
constexpr std::uint64_t kCptrEz = bit(8);
constexpr std::uint64_t kCptrEsm = bit(12);

// MDCR_EL3: SPME, bit 17, stays 0, so that events are not counted at EL3; the cycle counter stops there with
// SCCD and MCCD.
constexpr std::uint64_t kMdcrSccd = bit(23);
constexpr std::uint64_t kMdcrMccd = bit(34);

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

constexpr std::uint64_t kSctlrEl1Reset = 0x30d00800;  // RES1; MMU and caches off
constexpr std::uint64_t kSpsrEl1h = 0x3c5;            // DAIF masked

alignas(16) std::byte dump_stacks[vsoc::kMaxCpus][4096];
Cpu cpus[vsoc::kMaxCpus];
unsigned cpus_present = 1;

}  // namespace

Cpu& cpu_at(unsigned index) { return cpus[index]; }

unsigned cpu_count() { return cpus_present; }

void cpu_count_set(unsigned count) { cpus_present = count; }

void cpu_register(unsigned index) {
  Cpu& cpu = cpus[index];
  cpu.index = index;
  cpu.dump_stack = dump_stacks[index] + sizeof(dump_stacks[index]);
  write_tpidr_el3(reinterpret_cast<std::uint64_t>(&cpu));
}

void cpu_enable_features() {
  std::uint64_t scr = kScrNs | kScrFiq | kScrRes1 | kScrRw;
  for (const Enable& enable : kEnables) {
    if (field(enable.id(), enable.shift) >= enable.least) scr |= enable.scr;
  }
  const bool sve = field(read_id_aa64pfr0(), 32) != 0;
  const bool sme = field(read_id_aa64pfr1(), 24) != 0;
  write_scr_el3(scr);
  write_cptr_el3((sve ? kCptrEz : 0) | (sme ? kCptrEsm : 0));
  write_mdcr_el3(kMdcrSccd | kMdcrMccd);
  cpu_isb();
  // The longest vectors that the model has.
  if (sve) write_zcr_el3(0xf);
  if (sme) {
    const std::uint64_t smfr0 = read_id_aa64smfr0();
    const std::uint64_t fa64 = field(smfr0, 63, 1) ? bit(31) : 0;
    const std::uint64_t zt0 = field(smfr0, 56) >= 1 ? bit(30) : 0;
    write_smcr_el3(fa64 | zt0 | 0xf);
  }
  cpu_isb();
}

void cpu_start_ns(std::uint64_t entry, std::uint64_t context) {
  write_sctlr_el1(kSctlrEl1Reset);
  cpu_isb();
  cpu_enter_lower(entry, context, kSpsrEl1h);
}

void cpu_sleep_until_on() {
  Cpu& self = cpus[cpu_index()];
  while (self.power.load(std::memory_order_acquire) != CpuPower::on_pending) {
    cpu_wfi();
    machine_fiq();
  }
  self.power.store(CpuPower::on, std::memory_order_release);
  cpu_start_ns(self.entry, self.context);
}

std::uint64_t time_ticks(std::uint64_t ns) {
  const std::uint64_t frequency = read_cntfrq_el0();
  return ns / kNsPerSecond * frequency + (ns % kNsPerSecond * frequency + kNsPerSecond - 1) / kNsPerSecond;
}

std::uint64_t time_now_ns() {
  const std::uint64_t frequency = read_cntfrq_el0();
  cpu_isb();
  const std::uint64_t ticks = read_cntpct_el0();
  return ticks / frequency * kNsPerSecond + ticks % frequency * kNsPerSecond / frequency;
}

}  // namespace qtee::machine
