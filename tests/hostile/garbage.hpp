// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <misc/qcom_tee.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace qtee::hostile {

using Random = std::mt19937_64;

// Memory as a hostile program has it: pages that can be read and written, only read, not touched at all, not there, and
// one that another thread maps and unmaps all the time. One for all threads; its contents are nobody's.
class Pages {
 public:
  Pages();
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  // Some address in or near it, more often good than bad.
  std::uint64_t address(Random& random) const;
  // Memory that stays good.
  std::span<std::byte> good() const;
  // Changes the page that comes and goes.
  void disturb(Random& random);

 private:
  std::byte* base_;
};

// Descriptors of all kinds, some of them closed, that one thread replaces while the others use them.
class Descriptors {
 public:
  static constexpr std::size_t kCount = 24;

  // Makes them, around what the driver gave: `ours` is duplicated, and never closed under anybody.
  explicit Descriptors(std::span<const int> ours);
  ~Descriptors();
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

  int any(Random& random) const { return slots_[random() % kCount]; }
  // Puts a descriptor of another kind at the number of an old one.
  void disturb(Random& random);

 private:
  int make(Random& random) const;

  std::vector<int> ours_;
  std::array<int, kCount> slots_;
};

// What all threads share.
struct World {
  const Pages& pages;
  const Descriptors& descriptors;
  int root;
  int service;
  std::span<const int> servers;
  std::array<int, 2> buffers;  // message buffers
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> successes{0};
};

// A parameter of which anything may be wrong.
qcom_tee_param garbage_param(const World& world, Random& random);

// A length: small, round, nearly too much, or absurd.
std::uint64_t garbage_length(Random& random);

}  // namespace qtee::hostile
