// SPDX-License-Identifier: BSD-3-Clause
#include "pools.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace qtee::bpf {
namespace {

class PoolsTest : public ::testing::Test {
 protected:
  PoolsTest() { std::filesystem::create_directories(folder_); }
  ~PoolsTest() override { std::filesystem::remove_all(folder_); }

  void pool(const std::string& name, const std::vector<std::pair<const char*, std::uint64_t>>& files) const {
    std::filesystem::create_directories(folder_ / name);
    for (const auto& [file, value] : files) std::ofstream(folder_ / name / file) << value << "\n";
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(PoolsTest, FoldersAreRead) {
  pool("pairs", {{"size", 65536},
                 {"count", 9},
                 {"idle", 2},
                 {"cached", 4},
                 {"limit", 128},
                 {"hits", 1000},
                 {"misses", 3},
                 {"waits", 2},
                 {"failures", 1}});
  pool("half", {{"size", 1}});
  std::ofstream(folder_ / "bytes") << "17\n";
  const Pools pools = pools_read(folder_);
  ASSERT_EQ(pools.size(), 1u) << "what is not whole goes at this moment, or is none";
  const Pool& pairs = pools.at("pairs");
  EXPECT_EQ(pairs.size, 65536u);
  EXPECT_EQ(pairs.limit, 128u);
  EXPECT_EQ(pairs.hits, 1000u);
  EXPECT_EQ(pairs.misses, 3u);
  EXPECT_EQ(pairs.waits, 2u);
  EXPECT_EQ(pairs.failures, 1u);
  EXPECT_EQ(pairs.in_use(), 3u);
  EXPECT_TRUE(pools_read(folder_ / "none").empty());
  EXPECT_TRUE(pools_read("").empty());
}

TEST_F(PoolsTest, WhatGrowsIsSubtracted) {
  Pool last{.count = 9, .idle = 2, .hits = 100, .misses = 5, .waited_ns = 70};
  Pool now{.count = 4, .idle = 1, .hits = 130, .misses = 5, .waiting = 2, .longest_ns = 9, .waited_ns = 71};
  const Pool grown = now.since(last);
  EXPECT_EQ(grown.hits, 30u);
  EXPECT_EQ(grown.misses, 0u);
  EXPECT_EQ(grown.waited_ns, 1u);
  EXPECT_EQ(grown.count, 4u);
  EXPECT_EQ(grown.waiting, 2u);
  EXPECT_EQ(grown.longest_ns, 9u);
  EXPECT_EQ(last.since(now).hits, 0u) << "the driver was loaded anew";
}

TEST_F(PoolsTest, CachedOnesMayBeCountedLate) { EXPECT_EQ((Pool{.count = 3, .idle = 2, .cached = 2}).in_use(), 0u); }

}  // namespace
}  // namespace qtee::bpf
