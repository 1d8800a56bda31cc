// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "histogram.h"

namespace qtee::bpf {

/// How many times of which length there were: counts in the buckets of histogram.h, their sum and the largest. All
/// times are in ns. A value; not thread-safe.
class Histogram final {
 public:
  /// Bounds of a bucket: its times are from low to high - 1. The last one has what is beyond, too.
  static std::uint64_t bucket_low(unsigned bucket);
  static std::uint64_t bucket_high(unsigned bucket);

  void add(std::uint64_t ns);
  /// Adds what a BPF program has counted.
  void add(std::span<const std::uint64_t> buckets, std::uint64_t sum, std::uint64_t max);
  void add(const Histogram& other) { add(other.buckets_, other.sum_, other.max_); }

  std::uint64_t count() const;
  std::uint64_t sum() const { return sum_; }
  std::uint64_t max() const { return max_; }
  /// The time that `percent` of all times do not exceed, right within 12.5 %, and never more than max(). 0 of none.
  std::uint64_t percentile(double percent) const;
  std::span<const std::uint64_t> buckets() const { return buckets_; }

 private:
  std::array<std::uint64_t, QTEE_BUCKETS> buckets_{};
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace qtee::bpf
