// SPDX-License-Identifier: BSD-3-Clause
//
// TestMemManager: every operation, and a Linux whose answers to MAP_REGION are lies.
#include "rig.hpp"
#include "ta_builder.hpp"

namespace qtee::fw::services_test {
namespace {

namespace mem = vsoc::test_mem_manager;

class TestMemManager : public ::testing::Test {
 protected:
  TestMemManager() {
    const Id app = rig.load_app(vsoc::ta_build({.name = "memory"}));
    manager = rig.op(0).in_value(vsoc::kAppUidTestMemManager).wants(1).run(app).objects.at(0);
    rig.release(app);
  }

  Memory patterned(std::uint32_t perms = 6) {
    Memory memory = rig.memory(4096, perms);
    memory.set_word(vsoc::kTestPattern1);
    return memory;
  }
  std::int32_t one(std::uint32_t op, const Memory& memory) {
    return rig.op(op).object(rig.memory_object(memory)).run(manager).result;
  }
  std::int32_t two(std::uint32_t op, const Memory& a, const Memory& b) {
    return rig.op(op).object(rig.memory_object(a)).object(rig.memory_object(b)).run(manager).result;
  }
  void expect_clean() {
    rig.release(manager);
    rig.expect_clean();
  }

  Rig rig;
  Id manager = 0;
};

TEST_F(TestMemManager, Access) {
  Memory memory = patterned();
  EXPECT_EQ(one(mem::kAccess, memory), 0);
  EXPECT_EQ(memory.word(), vsoc::kTestPattern2);
  EXPECT_EQ(one(mem::kAccess, memory), 1) << "the pattern is the TA's now";
  EXPECT_EQ(memory.word(), vsoc::kTestPattern2);
  memory.set_word(vsoc::kTestPattern1);
  EXPECT_EQ(one(mem::kAccess, memory), 0);
  EXPECT_EQ(rig.map_requests(), 3u);
  EXPECT_EQ(rig.ids_alive(), 0u);
  for (const std::uint32_t perms : {2u, 4u}) {
    Memory restricted = patterned(perms);
    EXPECT_EQ(one(mem::kAccess, restricted), 1) << perms;
    EXPECT_EQ(restricted.word(), vsoc::kTestPattern1);
  }
  expect_clean();
}

TEST_F(TestMemManager, Permissions) {
  EXPECT_EQ(one(mem::kFailRead, patterned(6)), 1);
  EXPECT_EQ(one(mem::kFailRead, patterned(4)), 1);
  EXPECT_EQ(one(mem::kFailRead, patterned(2)), 0);
  EXPECT_EQ(one(mem::kFailWrite, patterned(6)), 1);
  EXPECT_EQ(one(mem::kFailWrite, patterned(2)), 1);
  EXPECT_EQ(one(mem::kFailWrite, patterned(4)), 0);
  expect_clean();
}

TEST_F(TestMemManager, MappingOutlivesTheMemoryObject) {
  Memory memory = patterned();
  std::vector<Id> order;
  unsigned yields_at_release = 99;
  const Id id = rig.memory_object(memory);
  rig.on_release = [&](Id released) {
    order.push_back(released);
    if (released == id) yields_at_release = rig.yields();
  };
  EXPECT_EQ(rig.op(mem::kFailRelease).object(id).run(manager).result, 0);
  ASSERT_EQ(order.size(), 2u);
  EXPECT_EQ(order[0], id) << "the mapping must go last";
  EXPECT_EQ(yields_at_release, 0u) << "Linux must know of the release before the callback returns";
  EXPECT_EQ(rig.yields(), 1u);
  EXPECT_EQ(memory.word(), vsoc::kTestPattern2);
  EXPECT_EQ(one(mem::kFailRelease, rig.memory(4096)), 1) << "no pattern";
  rig.on_release = nullptr;
  expect_clean();
}

TEST_F(TestMemManager, Below4GiB) {
  EXPECT_EQ(one(mem::kFail64Bit, patterned()), 1) << "the rig's memory lies below";
  expect_clean();
}

TEST_F(TestMemManager, Overlap) {
  const Memory whole = rig.memory(3 * 4096), other = rig.memory(4096);
  Memory tail = whole;
  tail.paddr += 2 * 4096;
  tail.bytes = whole.bytes.subspan(2 * 4096);
  EXPECT_EQ(two(mem::kFailOverlap, whole, whole), 0);
  EXPECT_EQ(two(mem::kFailOverlap, whole, tail), 0);
  EXPECT_EQ(two(mem::kFailOverlap, tail, whole), 0);
  EXPECT_EQ(two(mem::kFailOverlap, tail, other), 1) << "they touch and do not overlap";
  EXPECT_EQ(two(mem::kFailOverlap, other, whole), 1);
  expect_clean();
}

TEST_F(TestMemManager, AccessTwo) {
  Memory a = patterned(), b = patterned();
  EXPECT_EQ(two(mem::kAccessTwoMemObjects, a, b), 0);
  EXPECT_EQ(a.word(), vsoc::kTestPattern2);
  EXPECT_EQ(b.word(), vsoc::kTestPattern2);
  EXPECT_EQ(two(mem::kAccessTwoMemObjects, a, b), 1);
  Memory c = patterned();
  EXPECT_EQ(two(mem::kAccessTwoMemObjects, c, c), 1) << "the second finds what the first left";
  expect_clean();
}

TEST_F(TestMemManager, ReleaseImmediately) {
  Memory memory = patterned();
  EXPECT_EQ(one(mem::kReleaseImmediately, memory), 0);
  EXPECT_EQ(rig.map_requests(), 0u);
  EXPECT_EQ(rig.ids_alive(), 0u);
  EXPECT_EQ(memory.word(), vsoc::kTestPattern1);
  expect_clean();
}

TEST_F(TestMemManager, SkipUnmapKeepsOneMapping) {
  Memory first = patterned(), second = patterned();
  EXPECT_EQ(one(mem::kSkipUnmapMo, first), 0);
  EXPECT_EQ(rig.report().mappings, 1u);
  EXPECT_EQ(rig.ids_alive(), 1u) << "the map object stays, the memory object goes";
  EXPECT_EQ(one(mem::kSkipUnmapMo, second), 0);
  EXPECT_EQ(rig.report().mappings, 1u);
  EXPECT_EQ(one(mem::kSkipUnmapMo, second), 1);
  EXPECT_EQ(rig.report().mappings, 1u) << "a refused access keeps nothing";
  rig.release(manager);
  rig.expect_clean();
}

TEST_F(TestMemManager, LiesAreRefused) {
  const Memory memory = patterned();
  struct Lie {
    const char* what;
    std::function<void(MapAnswer&)> tell;
  };
  const Lie lies[] = {
      {"no map object", [](MapAnswer& a) { a.map_object = false; }},
      {"address not of a page", [](MapAnswer& a) { a.paddr += 8; }},
      {"no size", [](MapAnswer& a) { a.size = 0; }},
      {"endless", [](MapAnswer& a) { a.size = ~0xFFFull; }},
      {"beyond RAM", [](MapAnswer& a) { a.size = 1ull << 40; }},
      {"no RAM", [](MapAnswer& a) { a.paddr = 0x1000; }},
      {"wraps", [](MapAnswer& a) { a.paddr = ~0xFFFull; }},
      {"short", [](MapAnswer& a) { a.info_size = 16; }},
      {"nothing", [](MapAnswer& a) { a.info_size = 0; }},
  };
  for (const auto& lie : lies) {
    rig.on_map = [&](MapAnswer answer) {
      lie.tell(answer);
      return answer;
    };
    EXPECT_EQ(one(mem::kAccess, memory), vsoc::kInvalid) << lie.what;
    EXPECT_EQ(two(mem::kAccessTwoMemObjects, memory, memory), vsoc::kInvalid) << lie.what;
    EXPECT_EQ(one(mem::kSkipUnmapMo, memory), vsoc::kInvalid) << lie.what;
    (void)rig.report();
    EXPECT_EQ(rig.ids_alive(), 0u) << lie.what;
  }
  rig.on_map = nullptr;
  EXPECT_EQ(memory.word(), vsoc::kTestPattern1);
  rig.release(manager);
  EXPECT_EQ(rig.report().mappings, 0u);
}

TEST_F(TestMemManager, RefusalsArePassedOn) {
  for (const std::int32_t code : {1, -96, -97, 77}) {
    rig.on_map = [&](MapAnswer) { return MapAnswer{.result = code}; };
    for (std::uint32_t op = mem::kAccess; op <= mem::kSkipUnmapMo; ++op) {
      if (op == mem::kReleaseImmediately) continue;
      const bool pair = op == mem::kFailOverlap || op == mem::kAccessTwoMemObjects;
      EXPECT_EQ(pair ? two(op, patterned(), patterned()) : one(op, patterned()), code) << op;
    }
  }
  // Only the second mapping fails; the first must go all the same.
  unsigned count = 0;
  rig.on_map = [&](MapAnswer answer) { return ++count % 2 == 0 ? MapAnswer{.result = 5} : answer; };
  EXPECT_EQ(two(mem::kAccessTwoMemObjects, patterned(), patterned()), 5);
  EXPECT_EQ(two(mem::kFailOverlap, patterned(), patterned()), 5);
  rig.on_map = nullptr;
  expect_clean();
}

TEST_F(TestMemManager, OtherObjectsAndShapes) {
  for (std::uint32_t op = mem::kAccess; op <= mem::kSkipUnmapMo; ++op) {
    const bool pair = op == mem::kFailOverlap || op == mem::kAccessTwoMemObjects;
    for (const Id id : {Id{0}, manager}) {
      auto call = rig.op(op).object(id);
      if (pair) call = std::move(call).object(rig.memory_object(patterned()));
      EXPECT_EQ(std::move(call).run(manager).result, vsoc::kBadObj) << op;
    }
    auto more = rig.op(op).object(rig.memory_object(patterned())).object(rig.memory_object(patterned()));
    if (pair) more = std::move(more).object(rig.memory_object(patterned()));
    EXPECT_EQ(std::move(more).run(manager).result, vsoc::kInvalid) << op;
    EXPECT_EQ(rig.op(op).run(manager).result, vsoc::kInvalid) << op;
    EXPECT_EQ(rig.op(op).in(Bytes(8)).object(rig.memory_object(patterned())).run(manager).result, vsoc::kInvalid) << op;
    if (op == mem::kReleaseImmediately || pair) continue;
    EXPECT_EQ(rig.op(op).object(rig.callback([](const Request&) { return Reply{}; })).run(manager).result, -96) << op;
  }
  EXPECT_EQ(one(9, patterned()), vsoc::kInvalid);
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::services_test
