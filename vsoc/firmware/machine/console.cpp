// SPDX-License-Identifier: BSD-3-Clause
#include "console.hpp"

#include "cpu.hpp"
#include "line.hpp"
#include "spinlock.hpp"
#include "vsoc/memory_map.hpp"

namespace qtee::machine {
namespace {

// PL011.
constexpr std::uint64_t kData = vsoc::kUartSecureBase + 0x00;
constexpr std::uint64_t kFlags = vsoc::kUartSecureBase + 0x18;
constexpr std::uint32_t kFlagTxFull = 1u << 5;
constexpr std::uint64_t kLineControl = vsoc::kUartSecureBase + 0x2c;
constexpr std::uint32_t kLineControl8BitFifo = 0x70;
constexpr std::uint64_t kControl = vsoc::kUartSecureBase + 0x30;
constexpr std::uint32_t kControlEnableTx = 0x101;

SpinLock console_lock;

void put(char c) {
  while (mmio_read32(kFlags) & kFlagTxFull) cpu_yield();
  mmio_write32(kData, static_cast<unsigned char>(c));
}

void put_line(std::string_view text) {
  const std::uint64_t us = time_now_ns() / 1000;
  Line prefix;
  prefix.text("[").number(us / 1'000'000, 5).text(".").number(us % 1'000'000, 6, '0').text("] cpu");
  prefix.number(cpu_index()).text(": ");
  for (char c : prefix.view()) put(c);
  for (char c : text) put(c == '\n' ? ' ' : c);
  put('\n');
}

}  // namespace

void console_init() {
  mmio_write32(kLineControl, kLineControl8BitFifo);
  mmio_write32(kControl, kControlEnableTx);
}

void console_write(std::string_view line) {
  SpinGuard guard(console_lock);
  put_line(line);
}

void console_write_panic(std::string_view line) {
  const bool locked = console_lock.try_lock(1'000'000);
  put_line(line);
  if (locked) console_lock.unlock();
}

}  // namespace qtee::machine
