// SPDX-License-Identifier: BSD-3-Clause
//
// The private service's simple operations, and the shapes that it insists on.

#include "fixture.hpp"
#include "qtee/heap.hpp"

namespace qtee::fw::test {
namespace {

using PrivateServiceTest = Core;

TEST_F(PrivateServiceTest, WrongShapesAreInvalid) {
  const Arguments shapes[] = {
      {},
      {.ins = {Bytes(3)}},
      {.ins = {Bytes(3)}, .outs = {64}},
      {.outs = {3, 3}},
      {.ins = {Bytes(3), Bytes(3)}, .outs = {64}, .objects = {0}},
      {.ins = {Bytes(3)}, .objects = {0}, .wanted = 1},
      {.objects = {0}, .wanted = 1},
  };
  // null and work with bad shapes, and so on: none of these takes any of those shapes, but for the ones left out.
  using vsoc::Op;
  for (const Op each : {Op::fail, Op::work, Op::fill, Op::checksum, Op::nest, Op::callback, Op::drop, Op::arm, Op::lie,
                        Op::configure, Op::map, Op::touch}) {
    for (const Arguments& shape : shapes) EXPECT_EQ(op(each, shape).result, 2) << static_cast<unsigned>(each);
  }
  EXPECT_EQ(op(Op::null, {.outs = {1}}).result, 2);
  EXPECT_EQ(op(Op::echo, {.ins = {Bytes(1)}}).result, 2);
  EXPECT_EQ(op(Op::hold, {.objects = {0}, .wanted = 1}).result, 2);
  EXPECT_EQ(op(Op::give, {.objects = {0}, .wanted = 1}).result, 2);
  EXPECT_EQ(op(Op::create, {.outs = {1}, .wanted = 1}).result, 2);
  EXPECT_EQ(op(Op::report).result, 2);
  EXPECT_EQ(op(Op::counters).result, 2);
  EXPECT_EQ(op(Op::primordial).result, 2);
  EXPECT_EQ(op(Op::primordial, {.ins = {Bytes(3)}}).result, 2);
  EXPECT_EQ(linux_.invoke(service, 21).result, 2);
  EXPECT_EQ(linux_.invoke(service, 0x8000).result, 2);
  expect_clean();
}

TEST_F(PrivateServiceTest, SmallOutputsAreSizeOut) {
  using vsoc::Op;
  EXPECT_EQ(op(Op::echo, {.ins = {Bytes(9)}, .outs = {8}}).result, 4);
  EXPECT_EQ(op(Op::mirror, {.ins = {Bytes(1), Bytes(9)}, .outs = {1, 8}}).result, 4);
  EXPECT_EQ(op(Op::report, {.outs = {sizeof(vsoc::Report) - 1}}).result, 4);
  EXPECT_EQ(op(Op::counters, {.outs = {8}}).result, 4);
  EXPECT_EQ(op(Op::nest, {.ins = {bytes_of(1u)}, .outs = {3}, .objects = {linux_.object(nullptr)}}).result, 4);
  EXPECT_EQ(op(Op::checksum, {.ins = {bytes_of(vsoc::RangeRequest{0, 0})},
                              .outs = {7},
                              .objects = {linux_.memory_object(linux_.memory(4096))}})
                .result,
            4);
  expect_clean();
}

TEST_F(PrivateServiceTest, FailAnswersAnyCode) {
  for (const std::int32_t code : {1, 2, 10, -97, -1, 0x7FFFFFFF, static_cast<std::int32_t>(0x80000000)}) {
    EXPECT_EQ(op(vsoc::Op::fail, {.ins = {bytes_of(code)}}).result, code);
  }
  EXPECT_EQ(op(vsoc::Op::fail, {.ins = {bytes_of(std::int32_t{0})}}).result, 0);
}

TEST_F(PrivateServiceTest, MirrorLeavesMissingPartnersEmpty) {
  const Answer answer = op(vsoc::Op::mirror, {.ins = {bytes_of_text("one")}, .outs = {3, 7}, .wanted = 2});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.outs, (std::vector<Bytes>{bytes_of_text("one"), {}}));
  EXPECT_EQ(answer.objects, (std::vector<Id>{0, 0}));
  expect_clean();
}

TEST_F(PrivateServiceTest, ResidueIsWhatNobodyWroteForTheCall) {
  const Memory in = linux_.memory(8192);
  const Memory out = linux_.memory(4096);
  // One input of eight bytes, one output.
  constexpr std::uint32_t kAt = 32;
  const std::uint32_t words[] = {
      service, static_cast<std::uint32_t>(vsoc::Op::residue), 0x11, kAt, 8, kAt + 8, sizeof(vsoc::Residue)};
  const auto found = [&] {
    std::memcpy(in.bytes.data(), words, sizeof words);
    std::memset(in.bytes.data() + kAt, 0xFF, 8);
    EXPECT_EQ(static_cast<std::int64_t>(linux_.smc(0x72000602, 0x224, in.paddr, 8192, out.paddr, 4096).x[0]), 0);
    vsoc::Residue residue;
    std::memcpy(&residue, in.bytes.data() + kAt + 8, sizeof residue);
    std::memset(in.bytes.data(), 0, in.bytes.size());
    std::memset(out.bytes.data(), 0, out.bytes.size());
    return residue;
  };
  const vsoc::Residue clean = found();
  EXPECT_EQ(clean.inbound, 0u);
  EXPECT_EQ(clean.outputs, 0u);
  EXPECT_EQ(clean.inbound_size, 8192u);
  EXPECT_EQ(clean.outbound, 0u);
  EXPECT_EQ(clean.outbound_size, 4096u);
  in.bytes[kAt + 8] = std::byte{1};  // in the output buffer
  in.bytes[8191] = std::byte{1};     // behind it
  // Not in the first word, which would be a message.
  out.bytes[4] = out.bytes[4095] = out.bytes[77] = std::byte{1};
  const vsoc::Residue dirty = found();
  EXPECT_EQ(dirty.inbound, 1u);
  EXPECT_EQ(dirty.outputs, 1u);
  EXPECT_EQ(dirty.outbound, 3u);
  EXPECT_EQ(op(vsoc::Op::residue).result, 2);
  EXPECT_EQ(op(vsoc::Op::residue, {.outs = {8}}).result, 4);
  expect_clean();
}

TEST_F(PrivateServiceTest, WorkTakesItsTime) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(op(vsoc::Op::work, {.ins = {bytes_of(std::uint64_t{20'000'000})}}).ok());
  EXPECT_EQ(op(vsoc::Op::work, {.ins = {bytes_of(~std::uint64_t{0})}}).result, 2);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TEST_F(PrivateServiceTest, ReportCountsOthersNotItself) {
  EXPECT_EQ(baseline.version, 1u);
  EXPECT_EQ(baseline.calls_in_flight, 0u);
  EXPECT_EQ(baseline.ns_ids, 0u);
  EXPECT_GT(baseline.heap_used, 0u);
}

TEST_F(PrivateServiceTest, CreatedObjectsHaveAllOperations) {
  const Id object = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  const Answer answer = linux_.invoke(object, vsoc::Op::echo, {.ins = {bytes_of_text("x")}, .outs = {1}});
  EXPECT_EQ(answer.outs.at(0), bytes_of_text("x"));
  const Id child = linux_.invoke(object, vsoc::Op::create, {.wanted = 1}).objects.at(0);
  linux_.release(object);
  EXPECT_TRUE(linux_.invoke(child, vsoc::Op::null).ok());
  linux_.release(child);
  expect_clean();
}

TEST_F(PrivateServiceTest, OutOfMemoryIsAnErrorEverywhere) {
  // Every allocation of these calls fails once: they answer an error, and what they took is given back.
  const Memory memory = linux_.memory(4096);
  for (int failing = 0; failing < 40; ++failing) {
    const auto attempt = [&](vsoc::Op each, const Arguments& arguments) {
      heap_fail_after(failing);
      const Answer answer = op(each, arguments);
      heap_fail_after(-1);
      EXPECT_TRUE(answer.ok() || answer.status == -5 || answer.result == -97) << answer.status << " " << answer.result;
      linux_.release_all(answer);
      linux_.invoke(service, vsoc::Op::drop, {.ins = {bytes_of(0xFFFFFFFFu)}});
    };
    const Handler handler = [&](const Request&) { return Reply{.objects = {linux_.object(nullptr)}}; };
    attempt(vsoc::Op::create, {.wanted = 5});
    attempt(vsoc::Op::hold, {.objects = {linux_.object(nullptr), linux_.object(nullptr), linux_.object(nullptr)}});
    attempt(vsoc::Op::map,
            {.ins = {bytes_of(vsoc::RangeRequest{0, 4096})}, .objects = {linux_.memory_object(memory)}, .wanted = 1});
    heap_fail_after(failing);
    const Answer answer = op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{0, 2})},
                                                  .objects = {linux_.object(handler), linux_.object(nullptr)},
                                                  .wanted = 1});
    heap_fail_after(-1);
    EXPECT_TRUE(answer.ok() || answer.status == -5 || answer.result == -97) << answer.status << " " << answer.result;
    settle();
    EXPECT_EQ(linux_.alive(), std::vector<Id>{}) << failing;
    EXPECT_EQ(machine.take_lines(), std::vector<std::string>{}) << failing;
  }
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::test
