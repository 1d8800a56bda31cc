// SPDX-License-Identifier: BSD-3-Clause
//
// Events of memory objects, bridges and message buffers.
#include <set>

#include "memory_driver.hpp"
#include "parameter.hpp"
#include "quiet.hpp"
#include "trace_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

class MemoryTest : public TraceTest {
 protected:
  void TearDown() override { service_.arm(ArmKind::bridge_busy, 0); }

  /// The create and the delete of the one bridge over this memory, which are there where bridges of ours are in use.
  static void expect_bridged(const Events& all, const Event& map) {
    const Events created = all.named("bridge_create").with("paddr", map.text("paddr"));
    if (!driver_number("statistics/bridges")) {
      EXPECT_TRUE(created.empty());
      return;
    }
    ASSERT_EQ(created.size(), 1u);
    EXPECT_EQ(created[0].text("size"), map.text("size"));
    EXPECT_EQ(created[0].text("perms"), map.text("perms"));
    EXPECT_EQ(created[0].text("error"), "0(none)");
    const Events deleted = all.named("bridge_delete").with("handle", created[0].text("handle"));
    ASSERT_EQ(deleted.size(), 1u);
    EXPECT_EQ(deleted[0].text("error"), "0(none)");
  }
};

/// Whether QTEE is told where memory is before it asks.
class MemoryAheadTest : public MemoryTest, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, MemoryAheadTest, ::testing::Bool(),
                         [](const auto& param) { return std::string(param.param ? "told" : "asked"); });

TEST_P(MemoryAheadTest, ADmaBufIsMappedOnceAndUnmapped) {
  // QTEE has said by then which version it speaks.
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  service_.object().call(Op::mirror, own);
  ASSERT_TRUE(all_released(server));
  const long before = memory_stat("objects");
  // A bridge of this test's own shows that there are any.
  const MemoryObject other = MemoryObject::allocate(4096);
  const Parameter ahead("mapping_ahead", GetParam());
  const Events all = record([&] {
    {
      const MemoryObject memory = MemoryObject::from_huge_page(8192);
      for (int i = 0; i < 3; ++i) service_.fill(memory, {0, 8192, 1});
    }
    EXPECT_EQ(memory_stat_after_calls(service_, "objects", before), before);
  });
  const Events maps = all.named("memory_map");
  ASSERT_EQ(maps.size(), 1u);
  const Event& map = maps[0];
  EXPECT_EQ(map.thread, gettid());
  EXPECT_EQ(map.number("size"), 8192 > sysconf(_SC_PAGESIZE) ? 8192 : sysconf(_SC_PAGESIZE));
  EXPECT_EQ(map.text("perms"), "read|write");
  EXPECT_EQ(map.text("exporter"), "udmabuf");
  EXPECT_EQ(map.text("error"), "0(none)");

  const Events told = all.named("memory_tell");
  ASSERT_GE(told.size(), 1u);
  ASSERT_LE(told.size(), 3u);
  for (const Event& tell : told) {
    EXPECT_EQ(tell.text("paddr"), map.text("paddr"));
    EXPECT_EQ(tell.text("size"), map.text("size"));
    EXPECT_EQ(tell.text("perms"), map.text("perms"));
    EXPECT_EQ(tell.number("ahead"), GetParam());
    const Events call = all.of(tell.invocation());
    EXPECT_EQ(call[0].name, "invoke_begin");
    EXPECT_EQ(call.named("object_create")[0].text("object"), tell.text("object"))
        << "the memory object's id, before its mapping's";
    EXPECT_EQ(call.named("callback_request").with("op", "MAP_REGION").size(), tell.number("ahead") ? 0u : 1u);
  }
  const Events unmaps = all.named("memory_unmap");
  ASSERT_EQ(unmaps.size(), 1u);
  EXPECT_EQ(unmaps[0].text("paddr"), map.text("paddr"));
  EXPECT_EQ(unmaps[0].text("size"), map.text("size"));
  expect_bridged(all, map);

  std::vector<std::string> ids;
  for (const Event& create : all.named("object_create")) ids.push_back(create.text("object"));
  EXPECT_EQ(all.named("object_release").size(), ids.size()) << "memory objects and mappings are let go";
}

TEST_F(MemoryTest, MemoryOfTheDriversOwn) {
  const MemoryObject other = MemoryObject::allocate(4096);
  const Events all = record([&] {
    MemoryObject memory = MemoryObject::allocate(100'000, MemoryObject::Access::read_only);
    memory.reset();
    EXPECT_TRUE(quiet(service_));
  });
  const Events maps = all.named("memory_map"), unmaps = all.named("memory_unmap");
  ASSERT_EQ(maps.size(), 1u);
  ASSERT_EQ(unmaps.size(), 1u);
  EXPECT_EQ(maps[0].text("exporter"), "qtee");
  EXPECT_EQ(maps[0].text("perms"), "read");
  EXPECT_GE(maps[0].number("size"), 100'000);
  EXPECT_EQ(unmaps[0].text("paddr"), maps[0].text("paddr"));
  expect_bridged(all, maps[0]);
}

TEST_F(MemoryTest, WhatCanNotBeMappedIsNotUnmapped) {
  const Events all = record([&] {
    const MemoryObject memory = MemoryObject::from_pages(1 << 20);
    (void)service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, memory);
    service_.null();
  });
  const Events maps = all.named("memory_map");
  ASSERT_EQ(maps.size(), 1u);
  // By chance the pages may lie in a row.
  if (maps[0].text("error") == "0(none)") GTEST_SKIP() << "the pages lie in a row";
  EXPECT_EQ(maps[0].text("error"), "-95(EOPNOTSUPP)");
  // What earlier tests have closed is dropped within 100 ms; none of that has this size.
  EXPECT_TRUE(all.named("memory_unmap").with("size", std::to_string(1 << 20)).empty());
}

TEST_F(MemoryTest, ABridgeThatQteeKeepsForNowIsDeletedAgain) {
  const MemoryObject other = MemoryObject::allocate(4096);
  if (!driver_number("statistics/bridges")) GTEST_SKIP() << "no bridges";
  const Events all = record([&] {
    MemoryObject memory = MemoryObject::allocate(4096);
    service_.arm(ArmKind::bridge_busy, 30);  // the kernel asks 22 times by itself
    memory.reset();
    EXPECT_TRUE(soon([] { return memory_stat("exported") == 1; }));
  });
  const Event map = all.named("memory_map")[0];
  const Events created = all.named("bridge_create").with("paddr", map.text("paddr"));
  ASSERT_EQ(created.size(), 1u);
  const Events deleted = all.named("bridge_delete").with("handle", created[0].text("handle"));
  ASSERT_EQ(deleted.size(), 2u);
  EXPECT_EQ(deleted[0].text("error"), "-16(EBUSY)");
  EXPECT_EQ(deleted[1].text("error"), "0(none)");
  EXPECT_EQ(all.back().name, "memory_unmap") << "the memory waits for its bridge";
}

class PoolTest : public TraceTest {
 protected:
  static constexpr char kPool[] = "2048k";

  int invoke_large() {
    const std::vector<std::byte> input(std::size_t{1} << 20);
    return RawInvoke(static_cast<std::uint32_t>(Op::mirror), {param_in(input.data(), input.size())}).invoke(fd());
  }
};

TEST_F(PoolTest, AMissIsServedAndNoneFollows) {
  const Parameter trim("trim_ms", 3'600'000);
  ASSERT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
  ASSERT_TRUE(soon([] { return driver_number("pools/2048k/count") == 0; }));
  const Events cold = record([&] { ASSERT_EQ(invoke_large(), 0); }).with("pool", kPool);
  ASSERT_EQ(cold.names(), (Names{"pool_miss", "pool_grow", "pool_served"}));
  for (const Event& event : cold) {
    EXPECT_EQ(event.thread, gettid());
    EXPECT_EQ(event.number("size"), 2 << 20);
    EXPECT_EQ(static_cast<std::uint64_t>(event.number("limit")), driver_number("pools/2048k/limit"));
    EXPECT_EQ(event.text("error"), "0(none)");
  }
  EXPECT_EQ(cold[0].number("count"), 0);
  EXPECT_EQ(cold[1].number("count"), 1);

  const Events warm = record([&] { ASSERT_EQ(invoke_large(), 0); }).with("pool", kPool);
  EXPECT_TRUE(warm.empty());

  const Events shrunk = record([&] {
                          ASSERT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
                          EXPECT_TRUE(soon([] { return driver_number("pools/2048k/count") == 0; }));
                          EXPECT_TRUE(quiet(service_));
                        }).with("pool", kPool);
  ASSERT_EQ(shrunk.names(), (Names{"pool_shrink"}));
}

TEST_F(PoolTest, WithoutAnyItIsServedAnError) {
  const Parameter trim("trim_ms", 3'600'000);
  ASSERT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
  ASSERT_TRUE(soon([] { return driver_number("pools/2048k/count") == 0; }));
  const Parameter most("pool_max_kib", driver_number("pools/bytes") / 1024 + 64);
  const Events events = record([&] { EXPECT_EQ(invoke_large(), ENOMEM); }).with("pool", kPool);
  ASSERT_GE(events.size(), 3u);
  EXPECT_EQ(events[0].name, "pool_miss");
  for (std::size_t i = 1; i + 1 < events.size(); ++i) {
    EXPECT_EQ(events[i].name, "pool_grow");
    EXPECT_EQ(events[i].text("error"), "-12(ENOMEM)");
  }
  EXPECT_EQ(events.back().name, "pool_served");
  EXPECT_EQ(events.back().text("error"), "-12(ENOMEM)");
}

}  // namespace
}  // namespace qtee::test
