// SPDX-License-Identifier: BSD-3-Clause
//
// A machine for the QTEE layer on a PC: memory, time, and an interrupt that counts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "qtee/firmware.hpp"

namespace qtee::fw::test {

class FakeMachine final : public Machine {
 public:
  static constexpr std::uint64_t kPage = 4096;
  static constexpr std::uint64_t kRamBase = 0x80000000;

  // Starts the firmware on it. One at a time: the firmware is one.
  explicit FakeMachine(std::size_t heap_size = 8u << 20, std::size_t ram_size = 16u << 20)
      : ram_size_(ram_size), ram_(allocate(ram_size)), heap_size_(heap_size), heap_(allocate(heap_size)) {
    firmware_start(*this, {heap_.get(), heap_size_});
  }

  std::byte* ns_memory(std::uint64_t paddr, std::uint64_t size) override {
    if (paddr < kRamBase || paddr - kRamBase > ram_size_ || size > ram_size_ - (paddr - kRamBase)) return nullptr;
    return ram_.get() + (paddr - kRamBase);
  }
  std::uint64_t now_ns() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()) + skipped_ns.load();
  }
  void relax() override { std::this_thread::yield(); }
  void raise_waitq_irq() override { waitq_irqs.fetch_add(1); }
  std::uint32_t waitq_hwirq() override { return hwirq; }
  void log(std::string_view line) override {
    const std::lock_guard guard(lines_mutex_);
    if (lines_.size() < 1000) lines_.emplace_back(line);
  }

  // Lines logged since the last call of this.
  std::vector<std::string> take_lines() {
    const std::lock_guard guard(lines_mutex_);
    return std::exchange(lines_, {});
  }

  std::atomic<std::uint64_t> skipped_ns{0};
  std::atomic<std::uint32_t> waitq_irqs{0};
  std::uint32_t hwirq = 100;
  std::size_t ram_size() const { return ram_size_; }

 private:
  struct Free {
    void operator()(std::byte* block) const { std::free(block); }
  };
  using Block = std::unique_ptr<std::byte, Free>;
  static Block allocate(std::size_t size) {
    return Block(static_cast<std::byte*>(std::aligned_alloc(kPage, (size + kPage - 1) / kPage * kPage)));
  }

  std::size_t ram_size_;
  Block ram_;
  std::size_t heap_size_;
  Block heap_;
  std::mutex lines_mutex_;
  std::vector<std::string> lines_;
};

}  // namespace qtee::fw::test
