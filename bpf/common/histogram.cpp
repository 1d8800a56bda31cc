// SPDX-License-Identifier: BSD-3-Clause
#include "histogram.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qtee::bpf {
namespace {

constexpr unsigned kSteps = 1 << QTEE_BUCKET_STEP_SHIFT;

}  // namespace

std::uint64_t Histogram::bucket_low(unsigned bucket) {
  if (bucket < kSteps) return std::uint64_t{bucket} << QTEE_BUCKET_UNIT_SHIFT;
  const unsigned shift = bucket / kSteps - 1;
  return std::uint64_t{kSteps + bucket % kSteps} << (shift + QTEE_BUCKET_UNIT_SHIFT);
}

std::uint64_t Histogram::bucket_high(unsigned bucket) { return bucket_low(bucket + 1); }

void Histogram::add(std::uint64_t ns) {
  ++buckets_[qtee_bucket(ns)];
  sum_ += ns;
  max_ = std::max(max_, ns);
}

void Histogram::add(std::span<const std::uint64_t> buckets, std::uint64_t sum, std::uint64_t max) {
  for (std::size_t i = 0; i < buckets_.size() && i < buckets.size(); ++i) buckets_[i] += buckets[i];
  sum_ += sum;
  max_ = std::max(max_, max);
}

std::uint64_t Histogram::count() const { return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0}); }

std::uint64_t Histogram::percentile(double percent) const {
  const std::uint64_t all = count();
  if (!all) return 0;
  // The rank of the time that is asked for, from 1.
  const auto rank = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(all) - 1e-9)), 1, all);
  if (rank == all) return max_;
  std::uint64_t before = 0;
  for (unsigned bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (before + buckets_[bucket] < rank) {
      before += buckets_[bucket];
      continue;
    }
    // As if those in a bucket were spread evenly.
    const double part = (static_cast<double>(rank - before) - 0.5) / static_cast<double>(buckets_[bucket]);
    const auto low = static_cast<double>(bucket_low(bucket)), high = static_cast<double>(bucket_high(bucket));
    return std::min(max_, static_cast<std::uint64_t>(low + part * (high - low)));
  }
  return max_;
}

}  // namespace qtee::bpf
