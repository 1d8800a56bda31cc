// SPDX-License-Identifier: BSD-3-Clause
#include "services/cbor.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace qtee::fw {
namespace {

bool parse(const std::vector<unsigned>& bytes, Credentials& credentials) {
  std::vector<std::byte> copy;
  for (const auto b : bytes) copy.push_back(static_cast<std::byte>(b));
  return credentials_parse(copy, credentials);
}

bool parses(const std::vector<unsigned>& bytes) {
  Credentials credentials;
  return parse(bytes, credentials);
}

TEST(Credentials, ThirteenByteForm) {
  Credentials c;
  ASSERT_TRUE(parse({0xA2, 1, 0, 6, 0x1B, 0, 0, 1, 0x8F, 0x12, 0x34, 0x56, 0x78}, c));
  EXPECT_TRUE(c.has_uid);
  EXPECT_EQ(c.uid, 0u);
  EXPECT_EQ(c.system_time_ms, 0x18F12345678u);
}

TEST(Credentials, SeventeenByteForm) {
  Credentials c;
  ASSERT_TRUE(parse({0xA2, 1, 0x1A, 0, 0, 0x03, 0xE8, 6, 0x1B, 0, 0, 0, 0, 0, 0, 0, 1}, c));
  EXPECT_EQ(c.uid, 1000u);
  EXPECT_EQ(c.system_time_ms, 1u);
}

TEST(Credentials, KernelClientForm) {
  Credentials c;
  std::vector<unsigned> bytes{0xA2, 1, 0x19, 0x03, 0xE8, 3, 0x6E};
  for (const char ch : std::string("UefiSmcInvoke\0", 14)) bytes.push_back(static_cast<unsigned char>(ch));
  ASSERT_TRUE(parse(bytes, c));
  EXPECT_EQ(c.uid, 1000u);
  EXPECT_STREQ(c.package_name, "UefiSmcInvoke");
}

TEST(Credentials, UnknownKeysAreSkippedWhateverTheirValue) {
  Credentials c;
  // 9: [1, "ab", h'00', {1: -1}, tag 1 of 2, true], then 1: 7
  ASSERT_TRUE(parse({0xA2, 9, 0x86, 1, 0x62, 'a', 'b', 0x41, 0, 0xA1, 1, 0x20, 0xC1, 2, 0xF5, 1, 7}, c));
  EXPECT_EQ(c.uid, 7u);
}

TEST(Credentials, LongPackageNameIsCut) {
  Credentials c;
  std::vector<unsigned> bytes{0xA2, 1, 0, 3, 0x78, 200};
  bytes.insert(bytes.end(), 200, 'x');
  ASSERT_TRUE(parse(bytes, c));
  EXPECT_EQ(std::string(c.package_name), std::string(63, 'x'));
}

TEST(Credentials, EveryTruncationIsRefused) {
  const std::vector<unsigned> whole{0xA2, 1, 0x1A, 0, 0, 0x03, 0xE8, 6, 0x1B, 0, 0, 0, 0, 0, 0, 0, 1};
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parses({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)})) << size;
}

TEST(Credentials, Refused) {
  EXPECT_FALSE(parses({0xA1, 6, 1})) << "no uid";
  EXPECT_FALSE(parses({0xA0})) << "empty map";
  EXPECT_FALSE(parses({0x82, 1, 0})) << "no map";
  EXPECT_FALSE(parses({0xA1, 1, 0x20})) << "negative uid";
  EXPECT_FALSE(parses({0xA1, 1, 0x61, 'a'})) << "uid as text";
  EXPECT_FALSE(parses({0xA2, 1, 0, 6, 0x40})) << "time as bytes";
  EXPECT_FALSE(parses({0xA2, 1, 0, 3, 5})) << "name as number";
  EXPECT_FALSE(parses({0xA2, 1, 0, 1, 0})) << "uid twice";
  EXPECT_FALSE(parses({0xA1, 1, 0, 0})) << "more behind the map";
  EXPECT_FALSE(parses({0xBF, 1, 0, 0xFF})) << "indefinite map";
  EXPECT_FALSE(parses({0xA2, 1, 0, 9, 0x9F, 0xFF})) << "indefinite value";
  EXPECT_FALSE(parses({0xA2, 1, 0, 0x20, 0})) << "negative key";
  EXPECT_FALSE(parses({0xA2, 1, 0, 0x18, 64, 0})) << "key beyond the set";
  EXPECT_FALSE(parses({0xA2, 1, 0, 9, 0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})) << "endless bytes";
  EXPECT_FALSE(parses({0xA2, 1, 0, 9, 0xBB, 0x80, 0, 0, 0, 0, 0, 0, 0})) << "map whose items overflow";
  EXPECT_FALSE(parses({0xA2, 1, 0, 9, 0x1C})) << "reserved head";
  std::vector<unsigned> deep{0xA2, 1, 0, 9};
  deep.insert(deep.end(), 1000, 0x81);
  deep.push_back(0);
  EXPECT_FALSE(parses(deep)) << "nested too deeply";
}

}  // namespace
}  // namespace qtee::fw
