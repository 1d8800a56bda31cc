// SPDX-License-Identifier: BSD-3-Clause
#include "gic.hpp"

#include "sysreg.hpp"
#include "vsoc/memory_map.hpp"

namespace qtee::machine {
namespace {

using vsoc::kGicDistributorBase;

constexpr std::uint64_t kDistributorControl = kGicDistributorBase + 0x0000;
constexpr std::uint32_t kEnableGroup0 = 1u << 0;
constexpr std::uint32_t kEnableGroup1Ns = 1u << 1;
constexpr std::uint32_t kAffinityRouting = 3u << 4;  // secure and non-secure
constexpr std::uint32_t kWritePending = 1u << 31;
constexpr std::uint64_t kDistributorType = kGicDistributorBase + 0x0004;
constexpr std::uint64_t kDistributorGroup = kGicDistributorBase + 0x0080;
constexpr std::uint64_t kDistributorSetPending = kGicDistributorBase + 0x0200;
constexpr std::uint64_t kDistributorGroupModifier = kGicDistributorBase + 0x0d00;

// Within one redistributor.
constexpr std::uint64_t kType = 0x0008;
constexpr std::uint64_t kTypeLast = 1u << 4;
constexpr std::uint64_t kWaker = 0x0014;
constexpr std::uint32_t kWakerProcessorSleep = 1u << 1;
constexpr std::uint32_t kWakerChildrenAsleep = 1u << 2;
constexpr std::uint64_t kGroup = 0x10080;
constexpr std::uint64_t kSetEnable = 0x10100;
constexpr std::uint64_t kPriority = 0x10400;
constexpr std::uint64_t kGroupModifier = 0x10d00;

constexpr std::uint32_t kOwn = 1u << kIntidWake | 1u << kIntidSecureTimer;

constexpr std::uint64_t kSreAllLevels = 0xf;  // system registers, no bypass, lower levels may enable theirs

std::uint64_t redistributor(unsigned index) {
  return vsoc::kGicRedistributorBase + index * vsoc::kGicRedistributorStride;
}

void distributor_settle() {
  while (mmio_read32(kDistributorControl) & kWritePending) cpu_yield();
}

}  // namespace

unsigned gic_cpu_count() {
  unsigned count = 1;
  while (count < vsoc::kMaxCpus && !(mmio_read64(redistributor(count - 1) + kType) & kTypeLast)) ++count;
  return count;
}

void gic_distributor_init() {
  mmio_write32(kDistributorControl, 0);
  distributor_settle();
  mmio_write32(kDistributorControl, kAffinityRouting);
  distributor_settle();
  const unsigned words = (mmio_read32(kDistributorType) & 0x1f) + 1;  // 32 interrupts each; word 0 is per CPU
  for (unsigned word = 1; word < words; ++word) {
    mmio_write32(kDistributorGroup + word * 4, ~0u);
    mmio_write32(kDistributorGroupModifier + word * 4, 0);
  }
  mmio_write32(kDistributorControl, kAffinityRouting | kEnableGroup0 | kEnableGroup1Ns);
  distributor_settle();
}

void gic_cpu_init(unsigned index) {
  const std::uint64_t base = redistributor(index);
  mmio_write32(base + kWaker, mmio_read32(base + kWaker) & ~kWakerProcessorSleep);
  while (mmio_read32(base + kWaker) & kWakerChildrenAsleep) cpu_yield();
  mmio_write32(base + kGroup, ~kOwn);
  mmio_write32(base + kGroupModifier, 0);
  for (unsigned word = 0; word < 8; ++word) mmio_write32(base + kPriority + word * 4, 0);
  mmio_write32(base + kSetEnable, kOwn);

  write_icc_sre_el3(kSreAllLevels);
  cpu_isb();
  write_icc_sre_el1(kSreAllLevels);
  cpu_isb();
  write_icc_pmr_el1(0xff);
  write_icc_igrpen0_el1(1);
  write_icc_igrpen1_el3(0);
  cpu_isb();
}

void gic_cpu_quiesce() {
  write_icc_igrpen1_el3(0);
  write_icc_pmr_el1(0xff);
  cpu_isb();
}

void gic_wake(unsigned index) {
  cpu_dsb();
  // Affinity levels 1 to 3 are 0 on this board.
  write_icc_sgi0r_el1(std::uint64_t{kIntidWake} << 24 | std::uint64_t{1} << index);
  cpu_isb();
}

std::uint32_t gic_acknowledge() {
  const auto intid = static_cast<std::uint32_t>(read_icc_iar0_el1() & 0xffffff);
  cpu_dsb();
  if (intid < 1020) {
    write_icc_eoir0_el1(intid);
    cpu_isb();
  }
  return intid;
}

void gic_set_pending(std::uint32_t intid) { mmio_write32(kDistributorSetPending + intid / 32 * 4, 1u << intid % 32); }

}  // namespace qtee::machine
