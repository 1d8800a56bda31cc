// SPDX-License-Identifier: BSD-3-Clause
#include "histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace qtee::bpf {
namespace {

TEST(HistogramTest, EachTimeIsWithinItsBucket) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    const std::uint64_t ns = random() >> (25 + random() % 39);
    const unsigned bucket = qtee_bucket(ns);
    ASSERT_LT(bucket, QTEE_BUCKETS) << ns;
    ASSERT_GE(ns, Histogram::bucket_low(bucket)) << ns;
    ASSERT_LT(ns, Histogram::bucket_high(bucket)) << ns;
  }
}

TEST(HistogramTest, BucketsFollowEachOtherAndAreNarrow) {
  EXPECT_EQ(Histogram::bucket_low(0), 0u);
  for (unsigned bucket = 0; bucket < QTEE_BUCKETS; ++bucket) {
    const std::uint64_t low = Histogram::bucket_low(bucket), high = Histogram::bucket_high(bucket);
    ASSERT_EQ(qtee_bucket(low), bucket);
    ASSERT_EQ(qtee_bucket(high - 1), bucket);
    if (bucket >= 8) {
      ASSERT_LE((high - low) * 8, low) << "an eighth at most";
    }
  }
  EXPECT_EQ(qtee_bucket(~0ull), QTEE_BUCKETS - 1);
  EXPECT_EQ(qtee_bucket(1ull << 39), QTEE_BUCKETS - 1);
  EXPECT_GT(Histogram::bucket_high(QTEE_BUCKETS - 1), 500'000'000'000u) << "as far as is said";
}

TEST(HistogramTest, PercentilesAreRightWithinABucket) {
  std::mt19937_64 random(2);
  std::lognormal_distribution<double> times(12, 2);
  for (const std::size_t count : {1u, 2u, 10u, 999u, 20000u}) {
    Histogram histogram;
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(static_cast<std::uint64_t>(times(random)) + 256);
      histogram.add(all.back());
    }
    std::ranges::sort(all);
    EXPECT_EQ(histogram.count(), count);
    EXPECT_EQ(histogram.max(), all.back());
    for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(count) - 1e-9));
      const auto exact = static_cast<double>(all[std::max<std::size_t>(rank, 1) - 1]);
      EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), exact, exact / 8) << count << " " << percent;
    }
  }
}

TEST(HistogramTest, OfNoneOrOne) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(50), 0u);
  EXPECT_EQ(histogram.count(), 0u);
  histogram.add(1'000'003);
  for (const double percent : {0.0, 50.0, 100.0}) EXPECT_EQ(histogram.percentile(percent), 1'000'003u);
}

TEST(HistogramTest, NoPercentileIsAboveTheLargest) {
  Histogram histogram;
  for (int i = 0; i < 1000; ++i) histogram.add(4097 + 256 * 8);
  EXPECT_LE(histogram.percentile(99.9), histogram.max());
}

TEST(HistogramTest, SumsAddUp) {
  Histogram one, other, both;
  for (std::uint64_t ns = 100; ns < 1'000'000; ns = ns * 9 / 8) {
    (ns % 2 ? one : other).add(ns);
    both.add(ns);
  }
  one.add(other);
  EXPECT_EQ(one.sum(), both.sum());
  EXPECT_EQ(one.max(), both.max());
  EXPECT_TRUE(std::ranges::equal(one.buckets(), both.buckets()));
}

}  // namespace
}  // namespace qtee::bpf
