// SPDX-License-Identifier: BSD-3-Clause
//
// Plays a run of bytes as what a wild Linux does: SMCs, messages, answers and scribbling in shared memory.
//
// An input is a sequence of actions, one byte each with its operands behind it; what is missing at the end is zero. The
// values are mostly such as make sense, so that what lies deep is reached, and now and then anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "fuzz_machine.hpp"

namespace qtee::fw::fuzz {

enum class Action : std::uint8_t {
  invoke = 0,  // to 5
  answer = 6,  // to 9
  raw = 10,
  bridge = 11,
  poke = 12,
  go_on = 13,
  woken = 14,
  time = 15,
};

class Player {
 public:
  static constexpr std::uint64_t kPages = 24;     // that actions use
  static constexpr std::uint64_t kReserved = 20;  // behind them: for the end
  static constexpr std::size_t kRam = (kPages + kReserved) * 4096;

  Player(FuzzMachine& machine, std::span<std::byte> ram, std::span<const std::uint8_t> input)
      : machine_(machine), ram_(ram), input_(input) {}

  // Plays all of it.
  void play();
  // Ends as an honest Linux does: answers what waits, gives everything back. Returns what does not balance then,
  // nullptr where all does.
  const char* finish();

 private:
  struct Deferred {
    SmcFrame frame;         // as it was sent
    std::uint64_t session;  // x6, or the context
    bool asleep;
  };

  std::uint8_t byte() {
    if (input_.empty()) return 0;
    const std::uint8_t value = input_.front();
    input_ = input_.subspan(1);
    return value;
  }
  template <class T>
  T number() {
    T value{};
    for (std::size_t at = 0; at < sizeof(T); ++at) value = static_cast<T>(value | T{byte()} << (8 * at));
    return value;
  }
  std::span<std::byte> page(std::uint64_t index) { return ram_.subspan(index % kPages * 4096, 4096); }
  static std::uint64_t page_paddr(std::uint64_t index) { return FuzzMachine::kBase + index % kPages * 4096; }

  std::uint32_t known_id();
  std::uint32_t input_id();
  SmcFrame send(SmcFrame frame);
  void learn(std::span<const std::byte> message);
  void invoke();
  void tell_ahead(std::span<std::byte> out, std::span<const std::byte> args, unsigned objects);
  void answer();
  void raw();
  void bridge();
  void poke();
  void go_on();
  SmcFrame honest(std::uint32_t target, std::uint32_t op, std::uint32_t counts, std::uint32_t word);

  FuzzMachine& machine_;
  std::span<std::byte> ram_;
  std::span<const std::uint8_t> input_;
  std::vector<std::uint32_t> ids_{1};
  std::vector<std::uint64_t> bridges_;
  std::deque<Deferred> deferred_;
  std::uint32_t next_id_ = 0x80000001;
};

}  // namespace qtee::fw::fuzz
