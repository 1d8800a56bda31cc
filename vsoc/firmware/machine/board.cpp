// SPDX-License-Identifier: BSD-3-Clause
//
// Boot in C++, and the board as the QTEE layer sees it.
#include "board.hpp"

#include "console.hpp"
#include "cpu.hpp"
#include "device_tree.hpp"
#include "gic.hpp"
#include "line.hpp"
#include "mmu.hpp"
#include "panic.hpp"
#include "wakeup.hpp"

extern "C" {
extern std::byte __heap_start[], __heap_end[];
using Constructor = void (*)();
extern const Constructor __init_array_start[], __init_array_end[];
// The secondary CPUs poll it with their MMU off.
std::uint32_t boot_released;
}

namespace qtee::machine {
namespace {

constexpr std::uint64_t kMaxRam = std::uint64_t{128} << 30;
constexpr std::uint64_t kRamGranule = 0x200000;

class Board final : public fw::Machine {
 public:
  void set_ram_size(std::uint64_t size) { ram_size_ = size; }

  std::byte* ns_memory(std::uint64_t paddr, std::uint64_t size) override {
    if (paddr < vsoc::kRamBase) return nullptr;
    const std::uint64_t offset = paddr - vsoc::kRamBase;
    if (offset > ram_size_ || size > ram_size_ - offset) return nullptr;
    return reinterpret_cast<std::byte*>(paddr);
  }
  std::uint64_t now_ns() override { return time_now_ns(); }
  void relax() override { cpu_yield(); }
  void raise_waitq_irq() override { gic_set_pending(vsoc::kWaitqHwirq); }
  void raise_waitq_irq_after(std::uint64_t ns) override { wakeup_at(time_now_ns() + ns); }
  std::uint32_t waitq_hwirq() override { return vsoc::kWaitqHwirq; }
  void log(std::string_view line) override { console_write(line); }

 private:
  std::uint64_t ram_size_ = 0;  // set before the first SMC, then constant
};

constinit Board the_board;

std::uint64_t find_ram() {
  const auto* blob = reinterpret_cast<const std::byte*>(vsoc::kDtbBase);
  std::uint64_t size = device_tree_ram_size({blob, vsoc::kDtbMaxSize});
  size = (size < kMaxRam ? size : kMaxRam) & ~(kRamGranule - 1);
  if (size < vsoc::kRamMinSize) panic("no device tree with enough memory at kDtbBase", vsoc::ExitStatus::no_boot);
  return size;
}

void check_kernel() {
  constexpr std::uint32_t kImageMagic = 0x644d5241;  // "ARM\x64"
  const auto* image = reinterpret_cast<const volatile std::uint32_t*>(vsoc::kImageBase);
  if (image[14] != kImageMagic) panic("no arm64 Image at kImageBase", vsoc::ExitStatus::no_boot);
}

void release_secondaries() {
  boot_released = 1;
  asm volatile("dc civac, %0" ::"r"(&boot_released) : "memory");
  cpu_dsb();
  asm volatile("sev");
}

}  // namespace

fw::Machine& board() { return the_board; }

extern "C" [[noreturn]] void machine_boot_primary();
extern "C" [[noreturn]] void machine_boot_secondary(std::uint64_t index);

void machine_boot_primary() {
  cpu_register(0);
  console_init();
  for (const Constructor* constructor = __init_array_start; constructor != __init_array_end; ++constructor) {
    (*constructor)();
  }
  if (field(read_id_aa64pfr0(), 8) != 0) panic("EL2 is present: run without virtualization=on");

  const std::uint64_t ram = find_ram();
  mmu_map_ram(ram);
  the_board.set_ram_size(ram);
  check_kernel();

  gic_distributor_init();
  gic_cpu_init(0);
  cpu_enable_features();
  cpu_count_set(gic_cpu_count());
  cpu_at(0).power.store(CpuPower::on);

  const auto heap = static_cast<std::size_t>(__heap_end - __heap_start);
  Line line;
  line.text("QTEE virtual SoC firmware: ").number(cpu_count()).text(" CPUs, MIDR ").hex(read_midr_el1(), 8);
  line.text(", ").number(ram >> 20).text(" MiB RAM, ").number(heap >> 10).text(" KiB secure heap");
  console_write(line.view());

  fw::firmware_start(the_board, {__heap_start, heap});
  release_secondaries();
  cpu_start_ns(vsoc::kImageBase, vsoc::kDtbBase);
}

void machine_boot_secondary(std::uint64_t index) {
  cpu_register(static_cast<unsigned>(index));
  gic_cpu_init(static_cast<unsigned>(index));
  cpu_enable_features();
  cpu_sleep_until_on();
}

// The wake-up of a CPU needs no more than being taken.
void machine_fiq() {
  for (;;) {
    const std::uint32_t intid = gic_acknowledge();
    if (intid >= 1020) return;
    if (intid == kIntidSecureTimer) wakeup_timer_fired();
  }
}

}  // namespace qtee::machine
