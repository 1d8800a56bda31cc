// SPDX-License-Identifier: BSD-3-Clause
#include "psci.hpp"

#include "board.hpp"
#include "console.hpp"
#include "cpu.hpp"
#include "gic.hpp"
#include "panic.hpp"
#include "spinlock.hpp"

namespace qtee::machine {
namespace {

constexpr std::uint32_t kSmc64 = 1u << 30;

enum Function : std::uint32_t {
  kVersion = 0x84000000,
  kCpuSuspend = 0x84000001,
  kCpuOff = 0x84000002,
  kCpuOn = 0x84000003,
  kAffinityInfo = 0x84000004,
  kMigrateInfoType = 0x84000006,
  kSystemOff = 0x84000008,
  kSystemReset = 0x84000009,
  kFeatures = 0x8400000a,
};

constexpr std::int64_t kSuccess = 0;
constexpr std::int64_t kNotSupported = -1;
constexpr std::int64_t kInvalidParameters = -2;
constexpr std::int64_t kAlreadyOn = -4;
constexpr std::int64_t kOnPending = -5;
constexpr std::int64_t kInvalidAddress = -9;

constexpr std::int64_t kPsciVersion = 1 << 16 | 1;
constexpr std::int64_t kMigrateNotNeeded = 2;
constexpr std::uint32_t kSmcccVersionFunction = 0x80000000;
constexpr std::uint64_t kSuspendPowerDown = 1u << 16;

// Two CPUs may want the same one on: only the one that wins writes its entry.
SpinLock cpu_on_lock;

// A CPU of the board by its affinity, or nullptr.
Cpu* cpu_by_affinity(std::uint64_t affinity) {
  return affinity < cpu_count() ? &cpu_at(static_cast<unsigned>(affinity)) : nullptr;
}

std::int64_t cpu_on(std::uint64_t affinity, std::uint64_t entry, std::uint64_t context) {
  Cpu* cpu = cpu_by_affinity(affinity);
  if (cpu == nullptr) return kInvalidParameters;
  if (entry % 4 != 0 || board().ns_memory(entry, 4) == nullptr) return kInvalidAddress;
  SpinGuard guard(cpu_on_lock);
  switch (cpu->power.load(std::memory_order_acquire)) {
    case CpuPower::on:
      return kAlreadyOn;
    case CpuPower::on_pending:
      return kOnPending;
    case CpuPower::off:
      break;
  }
  cpu->entry = entry;
  cpu->context = context;
  cpu->power.store(CpuPower::on_pending, std::memory_order_release);
  gic_wake(static_cast<unsigned>(affinity));
  return kSuccess;
}

std::int64_t affinity_info(std::uint64_t affinity, std::uint64_t level) {
  const Cpu* cpu = cpu_by_affinity(affinity);
  if (cpu == nullptr || level != 0) return kInvalidParameters;
  switch (cpu->power.load(std::memory_order_acquire)) {
    case CpuPower::on:
      return 0;
    case CpuPower::off:
      return 1;
    case CpuPower::on_pending:
      return 2;
  }
  return kInvalidParameters;
}

[[noreturn]] void cpu_off() {
  gic_cpu_quiesce();
  cpu_at(cpu_index()).power.store(CpuPower::off, std::memory_order_release);
  cpu_sleep_until_on();
}

// Standby only: no state is lost, and any interrupt ends it.
std::int64_t cpu_suspend(std::uint64_t state) {
  if (state & kSuspendPowerDown) return kInvalidParameters;
  cpu_dsb();
  cpu_wfi();
  return kSuccess;
}

[[noreturn]] void system_off() {
  const bool clean = fw::firmware_report_at_exit();
  console_write(clean ? "system off, nothing alive" : "system off, NOT CLEAN: see the report");
  machine_exit(clean ? vsoc::ExitStatus::clean : vsoc::ExitStatus::leak);
}

[[noreturn]] void system_reset() {
  console_write("system reset asked for; the run ends");
  machine_exit(vsoc::ExitStatus::reset);
}

std::int64_t features(std::uint32_t function) {
  switch (function) {
    case kVersion:
    case kCpuOff:
    case kSystemOff:
    case kSystemReset:
    case kFeatures:
    case kMigrateInfoType:
    case kSmcccVersionFunction:
    case kCpuOn:
    case kCpuOn | kSmc64:
    case kAffinityInfo:
    case kAffinityInfo | kSmc64:
    case kCpuSuspend:
    case kCpuSuspend | kSmc64:
      return kSuccess;
    default:
      return kNotSupported;
  }
}

std::int64_t answer(const fw::SmcFrame& frame) {
  const auto function = static_cast<std::uint32_t>(frame.x[0]);
  // SMC32 forms take 32-bit arguments.
  const std::uint64_t mask = function & kSmc64 ? ~std::uint64_t{0} : 0xffffffff;
  const std::uint64_t x1 = frame.x[1] & mask;
  const std::uint64_t x2 = frame.x[2] & mask;
  const std::uint64_t x3 = frame.x[3] & mask;
  switch (function) {
    case kVersion:
      return kPsciVersion;
    case kCpuSuspend:
    case kCpuSuspend | kSmc64:
      return cpu_suspend(x1);
    case kCpuOff:
      cpu_off();
    case kCpuOn:
    case kCpuOn | kSmc64:
      return cpu_on(x1, x2, x3);
    case kAffinityInfo:
    case kAffinityInfo | kSmc64:
      return affinity_info(x1, x2);
    case kMigrateInfoType:
      return kMigrateNotNeeded;
    case kSystemOff:
      system_off();
    case kSystemReset:
      system_reset();
    case kFeatures:
      return features(static_cast<std::uint32_t>(x1));
    default:
      return kNotSupported;
  }
}

}  // namespace

void psci_smc(fw::SmcFrame& frame) { frame.x[0] = static_cast<std::uint64_t>(answer(frame)); }

}  // namespace qtee::machine
