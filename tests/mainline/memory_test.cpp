// SPDX-License-Identifier: BSD-3-Clause
//
// Memory objects: TestMemManager with its patterns, and the private service's fill, checksum, map and touch.
#include <cstring>

#include "callable.hpp"
#include "ta_builder.hpp"

namespace qtee::judge {
namespace {

namespace manager = vsoc::test_mem_manager;

constexpr std::size_t kPage = 4096;

class Memory : public JudgeTest {
 protected:
  SharedMemory allocate(std::size_t size = kPage) { return SharedMemory(*device(), size); }
  bool unmapped() {
    return poll([](const vsoc::Report& now) { return now.mappings == 0 && now.ns_ids == 0; });
  }
};

class TestMemManager : public Memory {
 protected:
  void SetUp() override {
    JudgeTest::SetUp();
    const Object loader = open_service(vsoc::kUidAppLoader);
    ASSERT_TRUE(loader);
    Received controller;
    const auto image = vsoc::ta_build({.name = "judge-memtest", .size = 58'216});
    ASSERT_OK(Invocation(vsoc::app_loader::kLoadFromBuffer).in(image).out_object(controller).run(loader));
    Received app;
    ASSERT_OK(Invocation(vsoc::app_controller::kGetAppObject).out_object(app).run(controller.object()));
    ASSERT_OK(service_open(app.object(), vsoc::kAppUidTestMemManager, test_));
    ASSERT_TRUE(test_);
  }
  void TearDown() override {
    test_ = {};
    JudgeTest::TearDown();
  }

  static void write(SharedMemory& memory, std::uint64_t pattern) {
    std::memcpy(memory.data(), &pattern, sizeof(pattern));
  }
  static std::uint64_t read(const SharedMemory& memory) {
    std::uint64_t pattern = 0;
    std::memcpy(&pattern, memory.data(), sizeof(pattern));
    return pattern;
  }
  Outcome one(std::uint32_t op, const SharedMemory& memory) { return Invocation(op).in_memory(memory).run(test_); }

  Object test_;
};

TEST_F(TestMemManager, Access) {
  SharedMemory memory = allocate();
  write(memory, vsoc::kTestPattern1);
  EXPECT_OK(one(manager::kAccess, memory));
  EXPECT_EQ(read(memory), vsoc::kTestPattern2);
  EXPECT_TRUE(unmapped());
  // Again with the same object.
  write(memory, vsoc::kTestPattern1);
  EXPECT_OK(one(manager::kAccess, memory));
  EXPECT_EQ(read(memory), vsoc::kTestPattern2);
}

TEST_F(TestMemManager, AccessWithoutThePattern) {
  SharedMemory memory = allocate();
  write(memory, 0x1111222233334444);
  const Outcome outcome = one(manager::kAccess, memory);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_NE(outcome.result, 0);
  EXPECT_EQ(read(memory), 0x1111222233334444u) << "a refused access wrote";
  EXPECT_TRUE(unmapped());
}

TEST_F(TestMemManager, AccessTwo) {
  SharedMemory first = allocate();
  SharedMemory second = allocate();
  write(first, vsoc::kTestPattern1);
  write(second, vsoc::kTestPattern1);
  EXPECT_OK(Invocation(manager::kAccessTwoMemObjects).in_memory(first).in_memory(second).run(test_));
  EXPECT_EQ(read(first), vsoc::kTestPattern2);
  EXPECT_EQ(read(second), vsoc::kTestPattern2);
}

TEST_F(TestMemManager, ReleaseImmediately) {
  SharedMemory memory = allocate();
  write(memory, vsoc::kTestPattern1);
  const std::uint64_t maps = counters().map_regions;
  EXPECT_OK(one(manager::kReleaseImmediately, memory));
  EXPECT_EQ(counters().map_regions, maps) << "mapped although it need not be";
  EXPECT_EQ(read(memory), vsoc::kTestPattern1);
  EXPECT_TRUE(unmapped());
}

TEST_F(TestMemManager, SkipUnmapStaysUntilTheObjectGoes) {
  SharedMemory memory = allocate();
  write(memory, vsoc::kTestPattern1);
  EXPECT_OK(one(manager::kSkipUnmapMo, memory));
  EXPECT_EQ(read(memory), vsoc::kTestPattern2);
  EXPECT_EQ(report().mappings, 1u);
  memory.close();  // the memory outlives the fd while QTEE maps it
  EXPECT_EQ(report().mappings, 1u);
  test_ = {};
  EXPECT_TRUE(unmapped());
}

TEST_F(TestMemManager, MainlineMemoryIsReadableAndWritable) {
  SharedMemory memory = allocate();
  write(memory, vsoc::kTestPattern1);
  EXPECT_NE(one(manager::kFailRead, memory).result, 0);
  EXPECT_NE(one(manager::kFailWrite, memory).result, 0);
  EXPECT_TRUE(unmapped());
}

TEST_F(TestMemManager, DoubleUnmapIsRefused) {
  SharedMemory memory = allocate();
  write(memory, vsoc::kTestPattern1);
  EXPECT_OK(one(manager::kFailRelease, memory));
  EXPECT_TRUE(unmapped());
}

TEST_F(TestMemManager, Above4GiB) {
  // The virtual SoC's RAM lies below 4 GiB: the TA finds the object usable, so the expected failure does not come.
  SharedMemory memory = allocate();
  write(memory, vsoc::kTestPattern1);
  EXPECT_NE(one(manager::kFail64Bit, memory).result, 0);
}

TEST_F(TestMemManager, Overlap) {
  SharedMemory first = allocate();
  SharedMemory second = allocate();
  EXPECT_OK(Invocation(manager::kFailOverlap).in_memory(first).in_memory(first).run(test_));
  EXPECT_NE(Invocation(manager::kFailOverlap).in_memory(first).in_memory(second).run(test_).result, 0);
  EXPECT_TRUE(unmapped());
}

TEST_F(TestMemManager, OtherObjectsAreNotMapped) {
  EXPECT_NE(Invocation(manager::kAccess).in_null().run(test_).result, 0);
  EXPECT_NE(Invocation(manager::kAccess).in_object(test_).run(test_).result, 0);
  if (driver_is_mainline()) GTEST_SKIP() << "mainline maps any callback object, at its number as the address";
  const Callee callee(server(), [](Request&) { return 0; });
  const Outcome outcome = Invocation(manager::kAccess).in_callback(server(), callee.id()).run(test_);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_NE(outcome.result, 0);
  EXPECT_EQ(callee.calls(), 0u) << "only the primordial object maps";
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

TEST_F(TestMemManager, WrongShapes) {
  SharedMemory memory = allocate();
  EXPECT_THAT(Invocation(manager::kAccess).run(test_), Answers(vsoc::kInvalid));
  EXPECT_THAT(Invocation(manager::kAccess).in_memory(memory).in_memory(memory).run(test_), Answers(vsoc::kInvalid));
  EXPECT_THAT(one(9, memory), Answers(vsoc::kInvalid));
}

TEST_F(Memory, Fill) {
  SharedMemory memory = allocate(4 * kPage);
  std::memset(memory.data(), 0xEE, memory.size());
  EXPECT_OK(service().fill(memory.ref(), {.offset = 100, .length = 5000, .seed = 7}));
  for (std::size_t i = 0; i < memory.size(); i++) {
    const std::uint8_t expected = i >= 100 && i < 5100 ? vsoc::pattern(7, i) : 0xEE;
    ASSERT_EQ(static_cast<std::uint8_t>(memory.data()[i]), expected) << "byte " << i;
  }
}

TEST_F(Memory, FillOfNothing) {
  SharedMemory memory = allocate();
  memory.data()[0] = std::byte{0x11};
  EXPECT_OK(service().fill(memory.ref(), {.offset = 0, .length = 0, .seed = 7}));
  EXPECT_EQ(memory.data()[0], std::byte{0x11});
  EXPECT_OK(service().fill(memory.ref(), {.offset = kPage, .length = 0, .seed = 7}));
}

TEST_F(Memory, RangesOutsideAreRefused) {
  SharedMemory memory = allocate();
  std::memset(memory.data(), 0xEE, memory.size());
  const std::uint64_t size = memory.size();  // whole pages, of 16 KiB on some kernels
  const vsoc::RangeRequest ranges[] = {{0, size + 1}, {1, size},      {size, 1},    {~0ull, 1},
                                       {1, ~0ull},    {~0ull, ~0ull}, {size + 1, 0}};
  for (const auto& [offset, length] : ranges) {
    std::uint64_t sum = 0;
    EXPECT_NE(service().fill(memory.ref(), {offset, length, 1}).result, 0) << offset << '+' << length;
    EXPECT_NE(service().checksum(memory.ref(), {offset, length}, sum).result, 0) << offset << '+' << length;
  }
  for (const std::byte byte : memory.bytes()) ASSERT_EQ(byte, std::byte{0xEE});
  EXPECT_TRUE(unmapped());
}

TEST_F(Memory, Checksum) {
  SharedMemory memory = allocate(2 * kPage);
  const auto bytes = pattern_bytes(memory.size(), 99);
  std::memcpy(memory.data(), bytes.data(), bytes.size());
  for (const auto& [offset, length] :
       {std::pair<std::size_t, std::size_t>{0, 2 * kPage}, {1, 7}, {8, 8}, {4090, 100}, {0, 0}, {5, 4097}}) {
    std::uint64_t sum = 0;
    EXPECT_OK(service().checksum(memory.ref(), {offset, length}, sum));
    EXPECT_EQ(sum, vsoc::checksum(bytes.data() + offset, length)) << offset << '+' << length;
  }
}

TEST_F(Memory, LargeObjects) {
  for (const std::size_t size : {256 * 1024ul, 1024 * 1024ul, 4 * 1024 * 1024ul}) {
    SharedMemory memory = allocate(size);
    EXPECT_OK(service().fill(memory.ref(), {.offset = 0, .length = size, .seed = 3}));
    std::uint64_t sum = 0;
    EXPECT_OK(service().checksum(memory.ref(), {0, size}, sum));
    EXPECT_EQ(sum, vsoc::checksum(memory.data(), size)) << size;
    EXPECT_EQ(static_cast<std::uint8_t>(memory.data()[size - 1]), vsoc::pattern(3, size - 1));
  }
}

TEST_F(Memory, MapKeepsItMapped) {
  SharedMemory memory = allocate();
  Object mapped;
  ASSERT_OK(service().map(memory.ref(), {0, kPage}, mapped));
  ASSERT_TRUE(mapped);
  EXPECT_EQ(report().mappings, 1u);
  const Service view(mapped);
  const std::uint64_t maps = counters().map_regions;
  for (std::uint64_t seed = 1; seed < 5; seed++) {
    const std::uint64_t before = vsoc::checksum(memory.data(), kPage);
    std::uint64_t sum = 0;
    EXPECT_OK(view.touch({0, kPage, seed}, sum));
    EXPECT_EQ(sum, before);
    const auto expected = pattern_bytes(kPage, seed);
    EXPECT_EQ(std::memcmp(memory.data(), expected.data(), kPage), 0);
  }
  EXPECT_EQ(counters().map_regions, maps) << "touch must not map again";
  EXPECT_EQ(report().mappings, 1u);
  mapped = {};
  EXPECT_TRUE(unmapped());
}

TEST_F(Memory, MappedMemoryOutlivesItsFd) {
  SharedMemory memory = allocate();
  Object mapped;
  ASSERT_OK(service().map(memory.ref(), {0, kPage}, mapped));
  std::uint64_t sum = 0;
  ASSERT_OK(Service(mapped).touch({0, kPage, 5}, sum));
  memory.close();
  EXPECT_OK(Service(mapped).touch({0, kPage, 6}, sum));
  const auto expected = pattern_bytes(kPage, 5);
  EXPECT_EQ(sum, vsoc::checksum(expected.data(), kPage));
}

TEST_F(Memory, ManyMappings) {
  std::vector<SharedMemory> memories;
  std::vector<Object> mapped(20);
  for (Object& object : mapped) {
    memories.push_back(allocate());
    ASSERT_OK(service().map(memories.back().ref(), {0, kPage}, object));
  }
  EXPECT_EQ(report().mappings, mapped.size());
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < mapped.size(); i++) EXPECT_OK(Service(mapped[i]).touch({0, kPage, i}, sum));
  for (std::size_t i = 0; i < mapped.size(); i++) {
    EXPECT_EQ(static_cast<std::uint8_t>(memories[i].data()[77]), vsoc::pattern(i, 77));
  }
}

TEST_F(Memory, SameObjectMappedTwice) {
  SharedMemory memory = allocate();
  Object first;
  Object second;
  ASSERT_OK(service().map(memory.ref(), {0, kPage}, first));
  ASSERT_OK(service().map(memory.ref(), {0, kPage}, second));
  EXPECT_EQ(report().mappings, 2u);
  std::uint64_t sum = 0;
  EXPECT_OK(Service(first).touch({0, kPage, 9}, sum));
  first = {};
  EXPECT_TRUE(poll([](const vsoc::Report& now) { return now.mappings == 1; }));
  EXPECT_OK(Service(second).touch({0, kPage, 10}, sum));
  const auto expected = pattern_bytes(kPage, 9);
  EXPECT_EQ(sum, vsoc::checksum(expected.data(), kPage));
}

TEST_F(Memory, NothingElseCanBeMapped) {
  const vsoc::FillRequest request = {0, 8, 1};
  EXPECT_NE(service().fill(Ref::null(), request).result, 0);
  EXPECT_NE(service().fill(World::get().service.ref(), request).result, 0);
  if (driver_is_mainline()) GTEST_SKIP() << "mainline maps any callback object, at its number as the address";
  const Callee callee(server(), [](Request&) { return 0; });
  const Outcome outcome =
      service().run(service().call(vsoc::Op::fill).in_value(request).in_callback(server(), callee.id()));
  EXPECT_EQ(outcome.error, 0);
  EXPECT_NE(outcome.result, 0);
  EXPECT_EQ(callee.calls(), 0u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

TEST_F(Memory, HeldAndGivenBack) {
  SharedMemory memory = allocate();
  ASSERT_OK(service().hold(memory.ref()));
  std::vector<Received> objects(1);
  ASSERT_OK(service().give(objects));
  EXPECT_TRUE(objects[0].is_memory());
  EXPECT_EQ(objects[0].id(), memory.id());
  EXPECT_OK(service().drop(kDropAll));
}

}  // namespace
}  // namespace qtee::judge
