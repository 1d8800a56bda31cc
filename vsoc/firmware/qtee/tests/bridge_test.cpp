// SPDX-License-Identifier: BSD-3-Clause

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

std::int64_t status(const SmcFrame& frame) { return static_cast<std::int64_t>(frame.x[0]); }

class BridgeTest : public Core {
 protected:
  SmcFrame create(std::uint64_t paddr, std::uint64_t size, std::uint64_t perms = 6) {
    return linux_.smc(0x42000C1E, 4, paddr | perms, paddr | perms, size | 1 << 9, 3);
  }
  SmcFrame remove(std::uint64_t handle) { return linux_.bridge_delete(handle); }
  std::int64_t invoke(const Memory& in, const Memory& out) {
    const std::uint32_t words[] = {service, 0, 0};
    std::memcpy(in.bytes.data(), words, sizeof words);
    return status(linux_.smc(0x72000602, 0x224, in.paddr, in.bytes.size(), out.paddr, out.bytes.size()));
  }
};

TEST_F(BridgeTest, HandlesAreExact) {
  const std::uint64_t at = FakeMachine::kRamBase + (8u << 20);
  const SmcFrame made = create(at, 8192);
  EXPECT_EQ(status(made), 0);
  EXPECT_EQ(made.x[1], 0u);
  EXPECT_NE(made.x[2], 0u);
  EXPECT_EQ(linux_.report(service).bridges, 1u);
  EXPECT_EQ(status(remove(made.x[2] + 1)), -2);
  EXPECT_EQ(status(remove(made.x[2])), 0);
  EXPECT_EQ(status(remove(made.x[2])), -2);
  const SmcFrame again = create(at, 8192);
  EXPECT_NE(again.x[2], made.x[2]);
  EXPECT_EQ(status(remove(made.x[2])), -2);
  EXPECT_EQ(status(remove(again.x[2])), 0);
  EXPECT_EQ(linux_.report(service).bridges, 0u);
  expect_clean(3);
}

TEST_F(BridgeTest, OverlapsAreRefused) {
  const std::uint64_t at = FakeMachine::kRamBase + (8u << 20);
  const std::uint64_t handle = create(at + 4096, 8192).x[2];
  for (const auto& [paddr, size] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {at, 8192}, {at + 4096, 4096}, {at + 4096, 8192}, {at + 8192, 8192}, {at, 1 << 16}}) {
    const SmcFrame frame = create(paddr, size);
    EXPECT_EQ(status(frame), 0);
    EXPECT_NE(frame.x[1], 0u);
  }
  const std::uint64_t below = create(at, 4096).x[2];
  const std::uint64_t above = create(at + 3 * 4096, 4096).x[2];
  EXPECT_EQ(linux_.report(service).bridges, 3u);
  for (const std::uint64_t each : {handle, below, above}) EXPECT_EQ(status(remove(each)), 0);
  expect_clean();
}

TEST_F(BridgeTest, ArgumentsAreChecked) {
  const std::uint64_t at = FakeMachine::kRamBase + (8u << 20);
  const auto refused = [&](std::uint64_t x1, std::uint64_t x2, std::uint64_t x3, std::uint64_t x4, std::uint64_t x5) {
    const SmcFrame frame = linux_.smc(0x42000C1E, x1, x2, x3, x4, x5);
    return frame.x[0] != 0 || frame.x[1] != 0;
  };
  EXPECT_TRUE(refused(3, at | 6, at | 6, 4096 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, at | 6, (at + 4096) | 6, 4096 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, at | 6, at | 0, 4096 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, at | 6, at | 8, 4096 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, at | 0, at | 0, 4096 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, at | 8, at | 8, 4096 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, at | 6, at | 6, 0 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, at | 6, at | 6, 4096, 3));
  EXPECT_TRUE(refused(4, at | 6, at | 6, 4096 | 2 << 9, 3));
  EXPECT_TRUE(refused(4, at | 6, at | 6, 4096 | 1 << 9, 4));
  EXPECT_TRUE(refused(4, 0x1000 | 6, 0x1000 | 6, 4096 | 1 << 9, 3));
  EXPECT_TRUE(refused(4, ~0xFFFull | 6, ~0xFFFull | 6, 8192 | 1 << 9, 3));
  EXPECT_EQ(linux_.report(service).bridges, 0u);
  expect_clean();
}

TEST_F(BridgeTest, OnceEnabledEveryBufferMustBeCovered) {
  const Memory in = linux_.memory(8192);
  const Memory out = linux_.memory(4096);
  EXPECT_EQ(invoke(in, out), 0);
  linux_.bridges_enable();
  EXPECT_EQ(invoke(in, out), -3);
  const std::uint64_t in_low = create(in.paddr, 4096).x[2];
  EXPECT_EQ(invoke(in, out), -3);
  const std::uint64_t out_read = create(out.paddr, 4096, 4).x[2];
  EXPECT_EQ(invoke(in, out), -3);
  const std::uint64_t in_high = create(in.paddr + 4096, 4096).x[2];  // two bridges that adjoin
  EXPECT_EQ(invoke(in, out), -3);                                    // the outbound one is read-only
  EXPECT_EQ(status(remove(out_read)), 0);
  const std::uint64_t out_bridge = create(out.paddr, 4096).x[2];
  EXPECT_EQ(invoke(in, out), 0);
  for (const std::uint64_t each : {in_low, in_high, out_bridge}) EXPECT_EQ(status(remove(each)), 0);
  EXPECT_EQ(invoke(in, out), -3);
  expect_clean(5);
}

TEST_F(BridgeTest, RefusedBuffersTakeNothing) {
  linux_.bridges_enable();
  const Memory in = linux_.memory(4096);
  const Memory out = linux_.memory(4096);
  linux_.memory_free(in);  // its bridge goes with it
  const std::uint32_t words[] = {service, static_cast<std::uint32_t>(vsoc::Op::hold), 0x100, 0x80000123};
  std::memcpy(in.bytes.data(), words, sizeof words);
  EXPECT_EQ(status(linux_.smc(0x72000602, 0x224, in.paddr, 4096, out.paddr, 4096)), -3);
  EXPECT_EQ(linux_.report(service).ns_ids, 0u);
  linux_.memory_free(out);
  EXPECT_EQ(linux_.report(service).bridges, 2u);  // those of the report's own buffers
  expect_clean(1);
}

TEST_F(BridgeTest, BridgesInUseAreNotDeleted) {
  linux_.bridges_enable();
  const Memory memory = linux_.memory(4096);
  const Memory in = linux_.memory(4096);
  const Memory out = linux_.memory(4096);
  const std::uint64_t bridge = [&] {
    linux_.memory_free(memory);
    return create(memory.paddr, memory.bytes.size()).x[2];
  }();
  const Answer mapped =
      op(vsoc::Op::map,
         {.ins = {bytes_of(vsoc::RangeRequest{0, 4096})}, .objects = {linux_.memory_object(memory)}, .wanted = 1});
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(status(remove(bridge)), -12);
  linux_.release(mapped.objects[0]);
  EXPECT_EQ(status(remove(bridge)), 0);
  linux_.memory_free(in);
  linux_.memory_free(out);
  expect_clean();
}

TEST_F(BridgeTest, BuffersOfAWaitingCallHoldTheirBridges) {
  linux_.bridges_enable();
  unsigned busy = 0;
  const Id callee = linux_.object([&](const Request&) {
    // Every bridge that lives belongs to the two buffers of the waiting call.
    for (std::uint64_t page = FakeMachine::kRamBase; page < FakeMachine::kRamBase + (1u << 20); page += 4096) {
      for (std::uint64_t generation = 1; generation < 40; ++generation) {
        if (status(remove(generation << 36 | (page >> 12))) == -12) ++busy;
      }
    }
    return Reply{};
  });
  EXPECT_TRUE(op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{0, 1})}, .objects = {callee}}).ok());
  EXPECT_EQ(busy, 2u);
  EXPECT_EQ(linux_.take_breaches(), std::vector<std::string>{});
}

TEST_F(BridgeTest, MappingsMustBeCovered) {
  linux_.bridges_enable();
  const Memory memory = linux_.memory(8192);
  linux_.memory_free(memory);
  const auto fill = [&] {
    return op(vsoc::Op::fill,
              {.ins = {bytes_of(vsoc::FillRequest{0, 8, 1})}, .objects = {linux_.memory_object(memory)}})
        .result;
  };
  EXPECT_EQ(fill(), -98);
  const std::uint64_t half = create(memory.paddr, 4096).x[2];
  EXPECT_EQ(fill(), -98);
  const std::uint64_t other = create(memory.paddr + 4096, 4096).x[2];
  EXPECT_EQ(fill(), 0);
  EXPECT_EQ(status(remove(half)), 0);
  EXPECT_EQ(status(remove(other)), 0);
  expect_clean(2);
}

TEST_F(BridgeTest, TheSecureSidesPermissionsAreWhatCounts) {
  linux_.bridges_enable();
  // Of a size that no message buffer has, or those would get the memory.
  const Memory memory = linux_.memory(12288);
  linux_.memory_free(memory);
  const SmcFrame read_only =
      linux_.smc(0x42000C1E, 4, memory.paddr | 6, memory.paddr | 4, memory.bytes.size() | 1 << 9, 3);
  EXPECT_EQ(read_only.x[1], 0u);
  Memory told_writable = memory;
  Memory told_read_only = memory;
  told_read_only.perms = 4;
  const auto sum = [&](const Memory& told) {
    return op(vsoc::Op::checksum,
              {.ins = {bytes_of(vsoc::RangeRequest{0, 8})}, .outs = {8}, .objects = {linux_.memory_object(told)}})
        .result;
  };
  EXPECT_EQ(sum(told_writable), -98);
  EXPECT_EQ(sum(told_read_only), 0);
  EXPECT_EQ(status(remove(read_only.x[2])), 0);
  expect_clean(1);
}

TEST_F(BridgeTest, ArmedAnswers) {
  const std::uint64_t at = FakeMachine::kRamBase + (8u << 20);
  arm(vsoc::ArmKind::bridge_fail, 1);
  EXPECT_NE(create(at, 4096).x[1], 0u);
  const std::uint64_t handle = create(at, 4096).x[2];
  arm(vsoc::ArmKind::bridge_busy, 2);
  EXPECT_EQ(status(remove(handle)), -12);
  EXPECT_EQ(status(remove(handle)), -12);
  EXPECT_EQ(status(remove(handle)), 0);
  EXPECT_EQ(linux_.counters(service).answers_busy, 2u);
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::test
