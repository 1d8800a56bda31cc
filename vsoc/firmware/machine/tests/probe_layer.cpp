// SPDX-License-Identifier: BSD-3-Clause
//
// Stands in for the QTEE layer: lets a payload at EL1 look at the machine, and break it.
#include <cstdlib>
#include <cstring>

#include "probe.hpp"
#include "qtee/firmware.hpp"

extern "C" std::byte __image_start[];

namespace qtee::fw {
namespace {

Machine* machine;
bool dirty = false;

// Made by a constructor: shows that they run.
struct Constructed {
  Constructed() : value(0x600d) {}
  volatile int value;
} constructed;

[[gnu::noinline]] std::uint64_t overflow(std::uint64_t depth) {
  volatile std::uint64_t fill[64];
  for (volatile std::uint64_t& word : fill) word = depth;
  return depth == 0 ? fill[3] : overflow(depth - 1) + fill[5];
}

// Sizes and alignments around the block size of the copy loops, against a byte-by-byte model.
std::uint64_t check_memory_functions() {
  constexpr std::size_t kSpan = 160;
  static unsigned char area[kSpan];
  static unsigned char model[kSpan];
  std::uint64_t failures = 0;
  const auto reset = [] {
    for (std::size_t i = 0; i < kSpan; ++i) area[i] = model[i] = static_cast<unsigned char>(i * 7 + 1);
  };
  const auto compare = [&] {
    for (std::size_t i = 0; i < kSpan; ++i) failures += area[i] != model[i];
  };
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t from = 0; from < 40; from += 3) {
      const std::size_t to = 37;
      reset();
      unsigned char copy[70];
      for (std::size_t i = 0; i < size; ++i) copy[i] = model[from + i];
      for (std::size_t i = 0; i < size; ++i) model[to + i] = copy[i];
      std::memmove(area + to, area + from, size);
      compare();
      reset();
      for (std::size_t i = 0; i < size; ++i) model[from + i] = 0xA5;
      std::memset(area + from, 0x1A5, size);
      compare();
      for (std::size_t i = 0; i < size; ++i) copy[i] = 0;
      std::memcpy(copy, area + from, size);
      failures += std::memcmp(copy, area + from, size) != 0;
      if (size > 0) {
        --copy[size - 1];
        failures += std::memcmp(copy, area + from, size) >= 0;
      }
    }
  }
  return failures;
}

}  // namespace

void firmware_start(Machine& the_machine, std::span<std::byte> heap) {
  machine = &the_machine;
  if (constructed.value != 0x600d) std::abort();
  // All of it is mapped and writable.
  for (std::size_t at = 0; at < heap.size(); at += 4096) heap[at] = std::byte{0x5A};
  heap.back() = std::byte{0x5A};
  machine->log("probe layer");
}

void firmware_smc(SmcFrame& frame) {
  const std::uint64_t x1 = frame.x[1];
  const std::uint64_t x2 = frame.x[2];
  switch (static_cast<std::uint32_t>(frame.x[0])) {
    case probe::kEcho:
      for (std::size_t i = 1; i < 8; ++i) frame.x[i] = ~frame.x[i];
      break;
    case probe::kNsMemory:
      frame.x[1] = reinterpret_cast<std::uint64_t>(machine->ns_memory(x1, x2));
      break;
    case probe::kNow:
      frame.x[1] = machine->now_ns();
      break;
    case probe::kRaise:
      machine->raise_waitq_irq();
      frame.x[1] = machine->waitq_hwirq();
      break;
    case probe::kDirty:
      dirty = true;
      break;
    case probe::kNull:
      frame.x[1] = *reinterpret_cast<volatile std::uint64_t*>(x1 & 8);
      break;
    case probe::kOverflow:
      frame.x[1] = overflow(1000);
      break;
    case probe::kAbort:
      std::abort();
    case probe::kWriteCode:
      __image_start[0] = std::byte{0};
      break;
    case probe::kCopy:
      frame.x[1] = check_memory_functions();
      break;
    case probe::kRaiseAfter:
      machine->raise_waitq_irq_after(x1);
      break;
    case probe::kSpin:
      for (const std::uint64_t start = machine->now_ns(); machine->now_ns() - start < x1;) machine->relax();
      break;
    case probe::kInterrupted:
      frame.x[0] = probe::kInterruptedAnswer;
      return;
    default:
      frame.x[0] = ~std::uint64_t{0};
      return;
  }
  frame.x[0] = 0;
}

bool firmware_report_at_exit() { return !dirty; }

}  // namespace qtee::fw
