// SPDX-License-Identifier: BSD-3-Clause
//
// A machine whose time is what the fuzzer makes it: the same input does the same every time.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "qtee/firmware.hpp"

namespace qtee::fw::fuzz {

class FuzzMachine final : public Machine {
 public:
  static constexpr std::uint64_t kBase = 0x40000000;

  FuzzMachine(std::span<std::byte> ram, bool verbose) : ram_(ram), verbose_(verbose) {}

  std::byte* ns_memory(std::uint64_t paddr, std::uint64_t size) override {
    if (paddr < kBase || paddr - kBase > ram_.size() || size > ram_.size() - (paddr - kBase)) return nullptr;
    return ram_.data() + (paddr - kBase);
  }
  std::uint64_t now_ns() override { return now_ += 1000; }
  // Whoever waits has waited long: the longest work there is takes a few of these.
  void relax() override { now_ += std::uint64_t{1} << 34; }
  void raise_waitq_irq() override {}
  std::uint32_t waitq_hwirq() override { return 100; }
  void log(std::string_view line) override {
    if (verbose_) std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  }
  void skip(std::uint64_t ns) { now_ += ns; }

 private:
  std::span<std::byte> ram_;
  bool verbose_;
  std::uint64_t now_ = 0;
};

}  // namespace qtee::fw::fuzz
