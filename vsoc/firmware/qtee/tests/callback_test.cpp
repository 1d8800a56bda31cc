// SPDX-License-Identifier: BSD-3-Clause
//
// Callbacks to Linux, mappings, and calls that wait.

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

constexpr std::int32_t kRemote = -98;

class CallbackTest : public Core {
 protected:
  Bytes callback_request(std::uint32_t op, std::uint32_t repeat = 0) {
    return bytes_of(vsoc::CallbackRequest{op, repeat});
  }
};

TEST_F(CallbackTest, EverythingTravelsBothWays) {
  Request seen;
  const Id given = linux_.object(nullptr);
  const Id callee = linux_.object([&](const Request& request) {
    seen = request;
    return Reply{.outs = {bytes_of_text("abc"), {}}, .objects = {0, given}};
  });
  const Id passed = linux_.object(nullptr);
  const Id tee = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  const Answer answer = op(vsoc::Op::callback, {.ins = {callback_request(0x1234), bytes_of_text("in"), {}},
                                                .outs = {5, 0},
                                                .objects = {callee, passed, tee, 0},
                                                .wanted = 2});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(seen.object, callee);
  EXPECT_EQ(seen.op, 0x1234u);
  EXPECT_EQ(seen.ins, (std::vector<Bytes>{bytes_of_text("in"), {}}));
  EXPECT_EQ(seen.outs, (std::vector<std::uint32_t>{5, 0}));
  EXPECT_EQ(seen.objects, (std::vector<Id>{passed, tee, 0}));
  EXPECT_EQ(answer.outs, (std::vector<Bytes>{bytes_of_text("abc"), {}}));
  EXPECT_EQ(answer.objects, (std::vector<Id>{0, given}));
  linux_.release(tee);
  linux_.release(tee);
  expect_clean();
}

TEST_F(CallbackTest, ResultsPassThroughUnchanged) {
  for (const std::int32_t result : {1, 10, 0x0AFAFAFA, -90, -92, -97, -99}) {
    const Id callee = linux_.object([&](const Request&) { return Reply{.result = result}; });
    EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .objects = {callee}}).result, result);
  }
  expect_clean();
}

TEST_F(CallbackTest, RepeatsUntilTheFirstError) {
  int calls = 0;
  const Id callee = linux_.object([&](const Request&) { return Reply{.result = ++calls == 3 ? 77 : 0}; });
  EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0, 10)}, .objects = {callee}}).result, 77);
  EXPECT_EQ(calls, 3);
  expect_clean();
}

TEST_F(CallbackTest, ObjectsOfEveryTurnAreReleased) {
  const Id callee =
      linux_.object([&](const Request&) { return Reply{.objects = {linux_.object(nullptr), linux_.object(nullptr)}}; });
  const Answer answer = op(vsoc::Op::callback, {.ins = {callback_request(0, 4)}, .objects = {callee}, .wanted = 2});
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(linux_.alive(), answer.objects);
  expect_clean();
}

TEST_F(CallbackTest, GrownOutputIsAFault) {
  const Id callee = linux_.object([](const Request&) { return Reply{.outs = {Bytes(9)}}; });
  EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .outs = {8}, .objects = {callee}}).result, kRemote);
  expect_clean(1);
}

TEST_F(CallbackTest, UnknownOutputObjectIsAFaultAndTheOthersAreReleased) {
  const Id good = linux_.object(nullptr);
  const Id callee = linux_.object([&](const Request&) { return Reply{.objects = {0x7FFF0000, good}}; });
  EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .objects = {callee}, .wanted = 2}).result, kRemote);
  expect_clean(1);
}

TEST_F(CallbackTest, AnIdTwiceInAnAnswerIsAFault) {
  const Id good = linux_.object(nullptr);
  const Id callee = linux_.object([&](const Request&) { return Reply{.objects = {good, good}}; });
  EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .objects = {callee}, .wanted = 2}).result, kRemote);
  expect_clean(1);
}

TEST_F(CallbackTest, TooLargeARequestIsMaxData) {
  const Id callee = linux_.object(nullptr);
  const Answer answer =
      op(vsoc::Op::callback, {.ins = {callback_request(0), Bytes(3000)}, .outs = {2000}, .objects = {callee}});
  EXPECT_EQ(answer.result, -95);
  expect_clean();
}

TEST_F(CallbackTest, APageIsFilledToTheLastByte) {
  // 16 + 8 * 1 = 24 bytes of header: the rest is payload, and no room is left for an asynchronous message.
  const Bytes all(4096 - 24, std::byte{7});
  Bytes seen;
  const Id callee = linux_.object([&](const Request& request) {
    seen = request.ins.at(0);
    return Reply{};
  });
  EXPECT_TRUE(op(vsoc::Op::callback, {.ins = {callback_request(0), all}, .objects = {callee}}).ok());
  EXPECT_EQ(seen, all);
  expect_clean();
}

TEST_F(CallbackTest, NullAndTeeCalleesAreBadObjects) {
  EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .objects = {0}}).result, -92);
  EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .objects = {service}}).result, -92);
  expect_clean();
}

TEST_F(CallbackTest, NestsAsDeepAsAsked) {
  Handler below = [&](const Request& request) {
    const Id service_again = request.objects.at(0);
    const Answer answer = linux_.invoke(service_again, vsoc::Op::nest,
                                        {.ins = {request.ins.at(0)}, .outs = {4}, .objects = {linux_.object(below)}});
    linux_.release(service_again);
    return Reply{.result = answer.result, .outs = answer.outs};
  };
  const Answer answer = op(vsoc::Op::nest, {.ins = {bytes_of(25u)}, .outs = {4}, .objects = {linux_.object(below)}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(value_of<std::uint32_t>(answer.outs[0]), 25u);
  expect_clean();
}

TEST_F(CallbackTest, ACallbackMayReleaseItsArgumentWhileTheCallWaits) {
  const Id tee = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  const Id callee = linux_.object([&](const Request& request) {
    EXPECT_EQ(linux_.report(service).calls_in_flight, 1u);
    linux_.release(request.objects.at(0));
    linux_.release(request.objects.at(0));
    return Reply{};
  });
  EXPECT_TRUE(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .objects = {callee, tee}}).ok());
  expect_clean();
}

TEST_F(CallbackTest, AnOutboundBufferInUseIsRefused) {
  const Id callee = linux_.object([&](const Request&) {
    // The buffers of this call: the last ones that the fake Linux handed out.
    const Memory in = linux_.memory(4096);
    const Memory probe = linux_.memory(4096);
    for (std::uint64_t page = FakeMachine::kRamBase; page < probe.paddr; page += 4096) {
      if (page == in.paddr) continue;
      const SmcFrame frame = linux_.smc(0x72000602, 0x224, in.paddr, 4096, page, 8192);
      if (static_cast<std::int64_t>(frame.x[0]) == -2 && page + 4096 != in.paddr) return Reply{.result = 42};
    }
    return Reply{};
  });
  EXPECT_EQ(op(vsoc::Op::callback, {.ins = {callback_request(0)}, .objects = {callee}}).result, 42);
  EXPECT_GE(linux_.report(service).faults, 1u);
}

TEST_F(CallbackTest, FillAndChecksumThroughAMapping) {
  const Memory memory = linux_.memory(3 * 4096);
  const vsoc::FillRequest fill{100, 9000, 77};
  EXPECT_TRUE(op(vsoc::Op::fill, {.ins = {bytes_of(fill)}, .objects = {linux_.memory_object(memory)}}).ok());
  EXPECT_EQ(memory.bytes[99], std::byte{0});
  EXPECT_EQ(memory.bytes[9100], std::byte{0});
  for (std::uint64_t at = 100; at < 9100; ++at) {
    ASSERT_EQ(memory.bytes[at], static_cast<std::byte>(vsoc::pattern(77, at))) << at;
  }
  const Answer sum =
      op(vsoc::Op::checksum,
         {.ins = {bytes_of(vsoc::RangeRequest{3, 12001})}, .outs = {8}, .objects = {linux_.memory_object(memory)}});
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(value_of<std::uint64_t>(sum.outs[0]), vsoc::checksum(memory.bytes.data() + 3, 12001));
  EXPECT_EQ(linux_.counters(service).map_regions, 2u);
  expect_clean();
}

TEST_F(CallbackTest, RangesOutsideTheMemoryAreInvalid) {
  const Memory memory = linux_.memory(4096);
  for (const vsoc::RangeRequest range : {vsoc::RangeRequest{0, 4097}, {4097, 0}, {1, 4096}, {~0ull, 2}, {2, ~0ull}}) {
    EXPECT_EQ(op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{range.offset, range.length, 1})},
                                  .objects = {linux_.memory_object(memory)}})
                  .result,
              2);
    EXPECT_EQ(
        op(vsoc::Op::map, {.ins = {bytes_of(range)}, .objects = {linux_.memory_object(memory)}, .wanted = 1}).result,
        2);
  }
  EXPECT_TRUE(
      op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{4096, 0, 1})}, .objects = {linux_.memory_object(memory)}})
          .ok());
  expect_clean();
}

TEST_F(CallbackTest, AMappedObjectKeepsItsMapping) {
  const Memory memory = linux_.memory(8192);
  const Answer mapped =
      op(vsoc::Op::map,
         {.ins = {bytes_of(vsoc::RangeRequest{4096, 4096})}, .objects = {linux_.memory_object(memory)}, .wanted = 1});
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(linux_.report(service).mappings, 1u);
  EXPECT_EQ(linux_.alive().size(), 1u);  // the map object; the memory object went
  const Answer touched =
      linux_.invoke(mapped.objects[0], vsoc::Op::touch, {.ins = {bytes_of(vsoc::FillRequest{8, 16, 5})}, .outs = {8}});
  ASSERT_TRUE(touched.ok());
  EXPECT_EQ(value_of<std::uint64_t>(touched.outs[0]), vsoc::checksum(Bytes(16).data(), 16));
  EXPECT_EQ(memory.bytes[4096 + 8], static_cast<std::byte>(vsoc::pattern(5, 8)));
  EXPECT_EQ(
      linux_.invoke(mapped.objects[0], vsoc::Op::touch, {.ins = {bytes_of(vsoc::FillRequest{4090, 7, 5})}, .outs = {8}})
          .result,
      2);
  linux_.release(mapped.objects[0]);
  expect_clean();
}

TEST_F(CallbackTest, ReadOnlyMemoryIsNotWritten) {
  Memory memory = linux_.memory(4096);
  memory.perms = 4;
  EXPECT_EQ(
      op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{0, 8, 1})}, .objects = {linux_.memory_object(memory)}})
          .result,
      -96);
  EXPECT_TRUE(op(vsoc::Op::checksum,
                 {.ins = {bytes_of(vsoc::RangeRequest{0, 8})}, .outs = {8}, .objects = {linux_.memory_object(memory)}})
                  .ok());
  expect_clean();
}

TEST_F(CallbackTest, MappingsThatMakeNoSenseAreFaults) {
  Memory memory = linux_.memory(4096);
  const auto map = [&](Memory bad) {
    return op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{0, 0, 1})}, .objects = {linux_.memory_object(bad)}})
        .result;
  };
  Memory bad = memory;
  bad.paddr += 8;
  EXPECT_EQ(map(bad), 2);
  bad = memory;
  bad.paddr = 0x1000;
  EXPECT_EQ(map(bad), 2);
  bad = memory;
  bad.paddr = ~0xFFFull;
  EXPECT_EQ(map(bad), 2);
  bad = memory;
  bad.perms = 0;
  EXPECT_EQ(map(bad), 2);
  bad = memory;
  bad.perms = 0x80000006;
  EXPECT_EQ(map(bad), 2);
  expect_clean(5);
}

TEST_F(CallbackTest, WhatIsNoMemoryObjectIsNotMapped) {
  EXPECT_EQ(
      op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{0, 0, 1})}, .objects = {linux_.object(nullptr)}}).result,
      -96);
  EXPECT_EQ(op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{0, 0, 1})}, .objects = {0}}).result, -92);
  EXPECT_EQ(op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{0, 0, 1})}, .objects = {service}}).result, -92);
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::test
