// SPDX-License-Identifier: BSD-3-Clause
//
// Mapping information that comes with the invocation.
#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

using vsoc::Op;

class MappingAheadTest : public Core {
 protected:
  MappingAheadTest() { linux_.ahead = true; }

  Arguments fill(const Memory& memory, std::uint64_t seed = 1) {
    return {.ins = {bytes_of(vsoc::FillRequest{0, memory.bytes.size(), seed})},
            .objects = {linux_.memory_object(memory)}};
  }
  static bool filled(const Memory& memory, std::uint64_t seed = 1) {
    return memory.bytes[100] == std::byte{vsoc::pattern(seed, 100)};
  }
  vsoc::Counters counters() { return linux_.counters(service); }

  // An invocation with one memory object, whose outbound buffer is `words`; {id} and {map} stand for the two ids.
  static constexpr std::uint32_t kId = 0xAAAA0001, kMap = 0xAAAA0002;
  std::int32_t fill_with(const Memory& memory, std::vector<std::uint32_t> words) {
    linux_.ahead = false;
    Arguments arguments = fill(memory);
    const Id id = arguments.objects[0];
    const Id map = id + 0x10000;
    linux_.on_send = [&](std::span<std::byte> out) {
      for (std::uint32_t& word : words) word = word == kId ? id : word == kMap ? map : word;
      std::memcpy(out.data(), words.data(), std::min(out.size(), words.size() * 4));
    };
    const Answer answer = op(Op::fill, arguments);
    linux_.on_send = nullptr;
    return answer.status == 0 ? answer.result : static_cast<std::int32_t>(answer.status);
  }
  std::vector<std::uint32_t> entry(const Memory& memory, std::uint32_t id = kId, std::uint32_t map = kMap) {
    return {0x00010002,
            3,
            1,
            0,
            id,
            map,
            static_cast<std::uint32_t>(memory.paddr),
            static_cast<std::uint32_t>(memory.paddr >> 32),
            static_cast<std::uint32_t>(memory.bytes.size()),
            0,
            6,
            0};
  }
};

TEST_F(MappingAheadTest, SavesTheRoundTrip) {
  const Memory memory = linux_.memory(8192);
  const auto before = counters();
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    ASSERT_TRUE(op(Op::fill, fill(memory, seed)).ok());
    EXPECT_TRUE(filled(memory, seed));
  }
  const auto after = counters();
  EXPECT_EQ(after.callbacks, before.callbacks);
  EXPECT_EQ(after.map_regions, before.map_regions);
  EXPECT_EQ(after.maps_ahead - before.maps_ahead, 19u);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean();
}

TEST_F(MappingAheadTest, FifteenAtOnceAndWhatIsNoMemory) {
  std::vector<Id> objects;
  const Memory memory = linux_.memory(4096);
  for (int i = 0; i < 14; ++i) objects.push_back(linux_.memory_object(memory));
  objects.push_back(linux_.object([](const Request&) { return Reply{}; }));
  EXPECT_TRUE(op(Op::hold, {.objects = objects}).ok());
  EXPECT_EQ(linux_.report(service).ns_ids, 15u + 14u);
  EXPECT_TRUE(op(Op::drop, {.ins = {bytes_of(std::uint32_t{15})}}).ok());
  EXPECT_TRUE(op(Op::null).ok());
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean();
}

TEST_F(MappingAheadTest, TheMapObjectLivesAsLongAsAMapping) {
  const Memory memory = linux_.memory(4096);
  const Answer mapped =
      op(Op::map,
         {.ins = {bytes_of(vsoc::RangeRequest{0, 4096})}, .objects = {linux_.memory_object(memory)}, .wanted = 1});
  ASSERT_TRUE(mapped.ok());
  EXPECT_TRUE(op(Op::null).ok());
  EXPECT_EQ(linux_.alive().size(), 1u) << "the memory object is released, the map object is not";
  EXPECT_EQ(linux_.report(service).mappings, 1u);
  linux_.release(mapped.objects[0]);
  EXPECT_TRUE(op(Op::null).ok());
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean();
}

TEST_F(MappingAheadTest, ARefusedInvocationTakesNothing) {
  const Memory memory = linux_.memory(4096);
  Arguments arguments = fill(memory);
  arguments.objects.push_back(arguments.objects[0]);
  EXPECT_NE(op(Op::fill, arguments).status, 0);
  EXPECT_EQ(linux_.report(service).ns_ids, 0u);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean(1);
}

TEST_F(MappingAheadTest, OutOfMemoryIsAnAnswer) {
  const Memory memory = linux_.memory(4096);
  for (std::int64_t allocations = 0; allocations < 12; ++allocations) {
    const Arguments arguments = fill(memory);
    heap_fail_after(allocations);
    const Answer answer = op(Op::fill, arguments);
    heap_fail_after(-1);
    EXPECT_TRUE(answer.status == 0 || answer.status == -5) << answer.status;
    EXPECT_TRUE(op(Op::null).ok());
    EXPECT_EQ(linux_.alive(), std::vector<Id>{}) << allocations;
  }
  expect_clean();
}

TEST_F(MappingAheadTest, MustBeBridgedAllTheSame) {
  linux_.bridges_enable();
  const Memory memory = linux_.memory(12288);  // no message has this size, and so its place
  linux_.memory_free(memory);                  // its bridge goes with it
  EXPECT_EQ(op(Op::fill, fill(memory)).result, -98);
  EXPECT_TRUE(op(Op::null).ok());
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean(1);
}

TEST_F(MappingAheadTest, WhatMakesNoSenseIsAFaultAndNotUsed) {
  const Memory memory = linux_.memory(4096);
  const auto words = entry(memory);
  const auto changed = [&](std::size_t index, std::uint32_t value) {
    auto copy = words;
    copy[index] = value;
    return copy;
  };
  // Not a message: QTEE asks.
  EXPECT_EQ(fill_with(memory, changed(0, 0x00020002)), 0);
  EXPECT_EQ(fill_with(memory, changed(1, 4)), 0);
  EXPECT_EQ(fill_with(memory, changed(2, 16)), 0);
  EXPECT_EQ(fill_with(memory, changed(2, 0xFFFFFFFF)), 0);
  EXPECT_EQ(counters().maps_ahead, 0u);
  // Map objects that are none.
  for (const std::uint32_t id : {0u, 5u, 0x80000000u, kId}) EXPECT_EQ(fill_with(memory, changed(5, id)), 0) << id;
  EXPECT_EQ(counters().maps_ahead, 0u);
  EXPECT_EQ(counters().map_regions, 8u);
  EXPECT_EQ(linux_.report(service).faults, 8u);
  EXPECT_EQ(linux_.take_breaches(), std::vector<std::string>{});
  expect_clean(8);
}

// The map object is taken, so it is released: FakeLinux calls that a breach, since it does not know it.
TEST_F(MappingAheadTest, WrongPlacesAreFoundWhenTheyAreMapped) {
  const Memory memory = linux_.memory(4096);
  const auto tried = [&](std::size_t index, std::uint32_t value) {
    auto words = entry(memory);
    words[index] = value;
    return fill_with(memory, words);
  };
  EXPECT_EQ(tried(6, 0x1000), 2) << "not RAM";
  EXPECT_EQ(tried(6, static_cast<std::uint32_t>(memory.paddr) + 1), 2) << "not aligned";
  EXPECT_EQ(tried(8, 0), 2) << "no bytes";
  EXPECT_EQ(tried(9, 0xFFFFFFFF), 2) << "too many bytes";
  EXPECT_EQ(tried(10, 8), 2) << "no permissions";
  EXPECT_EQ(tried(10, 4), -96) << "read only";
  EXPECT_EQ(tried(4, 0x80001234), 0) << "for another object";
  EXPECT_EQ(linux_.take_breaches().size(), 7u);
  EXPECT_EQ(linux_.report(service).faults, 6u);
  expect_clean(6);
}

}  // namespace
}  // namespace qtee::fw::test
