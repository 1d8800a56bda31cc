// SPDX-License-Identifier: BSD-3-Clause
#include "mmu.hpp"

#include "cpu.hpp"
#include "sysreg.hpp"
#include "vsoc/memory_map.hpp"

extern "C" {
extern std::byte __image_start[], __text_end[], __rodata_end[], __stacks_start[], __stacks_end[], __heap_start[];
}

namespace qtee::machine {
namespace {

constexpr std::uint64_t kPage = 0x1000;
constexpr std::uint64_t kBlock = 0x200000;       // level 2
constexpr std::uint64_t kGigabyte = 0x40000000;  // level 1

constexpr std::uint64_t kTable = 3;
constexpr std::uint64_t kLeafBlock = 1;
constexpr std::uint64_t kLeafPage = 3;
constexpr std::uint64_t kNormal = 1 << 2;  // MAIR index 1
constexpr std::uint64_t kNonSecure = 1 << 5;
constexpr std::uint64_t kReadWrite = 1 << 6;  // AP[1] is RES1 at EL3
constexpr std::uint64_t kReadOnly = 1 << 6 | 1 << 7;
constexpr std::uint64_t kShared = 3 << 8;
constexpr std::uint64_t kAccessed = 1 << 10;
constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 54;

constexpr std::uint64_t kDevice = kAccessed | kReadWrite | kNoExecute;
constexpr std::uint64_t kCode = kAccessed | kNormal | kShared | kReadOnly;
constexpr std::uint64_t kConstant = kCode | kNoExecute;
constexpr std::uint64_t kData = kAccessed | kNormal | kShared | kReadWrite | kNoExecute;
constexpr std::uint64_t kRam = kData | kNonSecure;

constexpr std::uint64_t kMair = 0xff00;  // 0: device nGnRnE; 1: write-back, allocating
// 39-bit addresses (512 GiB, three levels), 4 KiB granule, write-back inner-shareable walks.
constexpr std::uint64_t kTcr = 1u << 31 | 1u << 23 | 3u << 12 | 1u << 10 | 1u << 8 | 25;

struct alignas(4096) Table {
  std::uint64_t entry[512];
};

Table level1;
Table level2_devices;  // 0 to 1 GiB
Table level2_ram;      // the first GiB of non-secure RAM
Table level2_ram_end;  // the last, where it is not whole
Table level3_image;    // the first 2 MiB of secure RAM

std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

// The image's pages, bounds included, in ascending order.
void map_image_pages(const void* begin, const void* end, std::uint64_t attributes) {
  for (std::uint64_t page = address_of(begin) & ~(kPage - 1); page < address_of(end); page += kPage) {
    level3_image.entry[(page - vsoc::kSecureRamBase) / kPage] = page | attributes | kLeafPage;
  }
}

}  // namespace

// Read by boot.S with the MMU off.
extern "C" std::uint64_t mmu_registers[3];
std::uint64_t mmu_registers[3];

void mmu_build() {
  level1.entry[0] = address_of(&level2_devices) | kTable;
  level1.entry[vsoc::kRamBase / kGigabyte] = address_of(&level2_ram) | kTable;

  for (std::uint64_t block = vsoc::kGicDistributorBase; block < vsoc::kUartSecureBase + kBlock; block += kBlock) {
    level2_devices.entry[block / kBlock] = (block & ~(kBlock - 1)) | kDevice | kLeafBlock;
  }
  level2_devices.entry[vsoc::kSecureRamBase / kBlock] = address_of(&level3_image) | kTable;
  for (std::uint64_t offset = kBlock; offset < vsoc::kSecureRamSize; offset += kBlock) {
    const std::uint64_t block = vsoc::kSecureRamBase + offset;
    level2_devices.entry[block / kBlock] = block | kData | kLeafBlock;
  }

  map_image_pages(__image_start, __text_end, kCode);
  map_image_pages(__text_end, __rodata_end, kConstant);
  map_image_pages(__rodata_end, __stacks_start, kData);
  for (std::byte* stack = __stacks_start; stack < __stacks_end; stack += QTEE_STACK_GUARD + QTEE_STACK_SIZE) {
    map_image_pages(stack + QTEE_STACK_GUARD, stack + QTEE_STACK_GUARD + QTEE_STACK_SIZE, kData);
  }
  map_image_pages(__heap_start, reinterpret_cast<void*>(vsoc::kSecureRamBase + kBlock), kData);

  const std::uint64_t dtb_block = vsoc::kDtbBase & ~(kBlock - 1);
  level2_ram.entry[(dtb_block - vsoc::kRamBase) / kBlock] = dtb_block | kRam | kLeafBlock;

  const std::uint64_t range = field(read_id_aa64mmfr0(), 0);
  mmu_registers[0] = kMair;
  mmu_registers[1] = kTcr | (range < 5 ? range : 5) << 16;
  mmu_registers[2] = address_of(&level1);
}

void mmu_map_ram(std::uint64_t size) {
  for (std::uint64_t offset = 0; offset < size;) {
    const std::uint64_t address = vsoc::kRamBase + offset;
    if (offset >= kGigabyte && size - offset >= kGigabyte) {
      level1.entry[address / kGigabyte] = address | kRam | kLeafBlock;
      offset += kGigabyte;
      continue;
    }
    Table& table = offset < kGigabyte ? level2_ram : level2_ram_end;
    level1.entry[address / kGigabyte] = address_of(&table) | kTable;
    table.entry[address % kGigabyte / kBlock] = address | kRam | kLeafBlock;
    offset += kBlock;
  }
  cpu_dsb();  // only entries that were invalid have changed
  cpu_isb();
}

}  // namespace qtee::machine
