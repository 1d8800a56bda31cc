// SPDX-License-Identifier: BSD-3-Clause
#include "quantity.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace qtee::bpf {
namespace {

TEST(QuantityTest, DurationsAreRead) {
  EXPECT_EQ(duration_parse("20ms"), 20'000'000u);
  EXPECT_EQ(duration_parse("1.5s"), 1'500'000'000u);
  EXPECT_EQ(duration_parse("300us"), 300'000u);
  EXPECT_EQ(duration_parse("5ns"), 5u);
  EXPECT_EQ(duration_parse("2m"), 120'000'000'000u);
  EXPECT_EQ(duration_parse("10"), 10'000'000'000u);
  EXPECT_EQ(duration_parse("0"), 0u);
  for (const char* text : {"", "ms", "-1s", "-0", "1e3s", "1 s", "1h", "nan", "inf", "1ss", "99999999999"})
    EXPECT_THROW(duration_parse(text), std::invalid_argument) << text;
}

TEST(QuantityTest, DurationsHaveThreeDigits) {
  EXPECT_EQ(duration_format(0), "0 ns");
  EXPECT_EQ(duration_format(999), "999 ns");
  EXPECT_EQ(duration_format(1000), "1.00 us");
  EXPECT_EQ(duration_format(1234), "1.23 us");
  EXPECT_EQ(duration_format(9994), "9.99 us");
  EXPECT_EQ(duration_format(9996), "10.0 us");
  EXPECT_EQ(duration_format(45'600'000), "45.6 ms");
  EXPECT_EQ(duration_format(999'499), "999 us");
  EXPECT_EQ(duration_format(999'500), "1.00 ms");
  EXPECT_EQ(duration_format(7'890'000'000), "7.89 s");
  EXPECT_EQ(duration_format(1'234'000'000'000), "1234 s");
}

TEST(QuantityTest, CountsHaveCommas) {
  EXPECT_EQ(count_format(0), "0");
  EXPECT_EQ(count_format(999), "999");
  EXPECT_EQ(count_format(1000), "1,000");
  EXPECT_EQ(count_format(1234567), "1,234,567");
}

TEST(QuantityTest, SharesOfNothingAreNone) {
  EXPECT_EQ(share_format(1, 8), "12.5 %");
  EXPECT_EQ(share_format(5, 5), "100.0 %");
  EXPECT_EQ(share_format(0, 0), "-");
}

TEST(QuantityTest, NumbersAreReadAndBound) {
  EXPECT_EQ(number_parse("0x80000000", 0xffffffff), 0x80000000u);
  EXPECT_EQ(number_parse("65535", 65535), 65535u);
  for (const char* text : {"", "0x", "-1", "65536", "1x", "0x10000", " 1", "99999999999999999999"})
    EXPECT_THROW(number_parse(text, 65535), std::invalid_argument) << text;
}

}  // namespace
}  // namespace qtee::bpf
