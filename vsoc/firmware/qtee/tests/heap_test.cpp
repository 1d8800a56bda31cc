// SPDX-License-Identifier: BSD-3-Clause

#include "qtee/heap.hpp"

#include <random>

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

class HeapTest : public testing::Test {
 protected:
  FakeMachine machine{4u << 20};
};

TEST_F(HeapTest, AccountsExactly) {
  const HeapInfo before = heap_info();
  void* small = heap_alloc(33);
  void* large = heap_alloc(100000);
  ASSERT_NE(small, nullptr);
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(heap_info().used, before.used + 100033);
  heap_free(small);
  heap_free(large);
  heap_free(nullptr);
  const HeapInfo after = heap_info();
  EXPECT_EQ(after.used, before.used);
  EXPECT_EQ(after.free, before.free);
  EXPECT_EQ(after.total, before.total);
}

TEST_F(HeapTest, BlocksAreAlignedAndDoNotOverlap) {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  std::mt19937 random(1);
  for (int turn = 0; turn < 3000; ++turn) {
    if (blocks.size() > 100 || (!blocks.empty() && random() % 3 == 0)) {
      const std::size_t at = random() % blocks.size();
      auto [block, size] = blocks[at];
      for (std::size_t byte = 0; byte < size; ++byte) ASSERT_EQ(block[byte], static_cast<unsigned char>(size));
      heap_free(block);
      blocks[at] = blocks.back();
      blocks.pop_back();
      continue;
    }
    const std::size_t size = random() % (turn % 10 == 0 ? 60000 : 5000);
    auto* block = static_cast<unsigned char*>(heap_alloc(size));
    if (block == nullptr) continue;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
    std::memset(block, static_cast<int>(size & 0xFF), size);
    blocks.emplace_back(block, size);
  }
  for (auto [block, size] : blocks) heap_free(block);
}

TEST_F(HeapTest, TheLargestFreeBlockIsFound) {
  const std::uint64_t largest = heap_info().largest_free;
  void* block = heap_alloc(largest);
  EXPECT_NE(block, nullptr);
  EXPECT_EQ(heap_alloc(100000), nullptr);
  heap_free(block);
  EXPECT_EQ(heap_alloc(largest + 1), nullptr);
  EXPECT_EQ(heap_alloc(~std::size_t{0}), nullptr);
  EXPECT_EQ(heap_alloc(~std::size_t{0} - 20), nullptr);
}

using HeapDeathTest = HeapTest;

TEST_F(HeapDeathTest, FreeingTwiceStops) {
  void* block = heap_alloc(64);
  heap_free(block);
  EXPECT_DEATH(heap_free(block), "");
}

}  // namespace
}  // namespace qtee::fw::test
