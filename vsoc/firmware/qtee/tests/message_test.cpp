// SPDX-License-Identifier: BSD-3-Clause
//
// Direct invocations, word by word: what is accepted, what is refused, and that a refused message takes nothing.

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

class MessageTest : public Core {
 protected:
  void SetUp() override {
    Core::SetUp();
    in_ = linux_.memory(4096);
    out_ = linux_.memory(4096);
  }
  void put(std::uint64_t at, std::uint32_t word) { std::memcpy(in_.bytes.data() + at, &word, 4); }
  std::uint32_t get(std::uint64_t at) {
    std::uint32_t word;
    std::memcpy(&word, in_.bytes.data() + at, 4);
    return word;
  }
  void header(Id target, vsoc::Op op, std::uint32_t counts) {
    std::ranges::fill(in_.bytes, std::byte{0});
    put(0, target);
    put(4, static_cast<std::uint32_t>(op));
    put(8, counts);
  }
  SmcFrame send() { return linux_.smc(0x72000602, 0x224, in_.paddr, in_.bytes.size(), out_.paddr, out_.bytes.size()); }
  void expect_refused() { EXPECT_EQ(static_cast<std::int64_t>(send().x[0]), -2); }

  Memory in_;
  Memory out_;
};

TEST_F(MessageTest, EchoIsLaidOutAsTheProtocolSays) {
  header(service, vsoc::Op::echo, 0x11);
  put(12, 32);  // ALIGN(12 + 8 * 2, 8)
  put(16, 5);
  put(20, 40);
  put(24, 9);
  std::memcpy(in_.bytes.data() + 32, "hello", 5);
  const SmcFrame frame = send();
  EXPECT_EQ(frame.x[0], 0u);
  EXPECT_EQ(frame.x[1], 0u);
  EXPECT_EQ(frame.x[2], 0u);
  EXPECT_EQ(get(20), 40u);
  EXPECT_EQ(get(24), 5u);
  EXPECT_EQ(std::memcmp(in_.bytes.data() + 40, "hello\0\0\0", 8), 0);
  expect_clean();
}

TEST_F(MessageTest, TransportBitsOfTheOperationAreNoPartOfIt) {
  header(service, static_cast<vsoc::Op>(0x10000 | static_cast<unsigned>(vsoc::Op::null)), 0);
  EXPECT_EQ(send().x[2], 0u);
  expect_clean();
}

TEST_F(MessageTest, UnknownCountBitsAreRefused) {
  header(service, vsoc::Op::null, 0x10000);
  expect_refused();
  expect_clean(1);
}

TEST_F(MessageTest, PayloadsMustBeBehindTheArgumentsAndAligned) {
  for (const std::uint32_t offset : {0u, 12u, 16u, 20u, 25u, 4096u, 0xFFFFFFF8u}) {
    header(service, vsoc::Op::work, 1);
    put(12, offset);
    put(16, 8);
    expect_refused();
  }
  header(service, vsoc::Op::work, 1);
  put(12, 24);
  put(16, 8);
  EXPECT_EQ(send().x[0], 0u);
  expect_clean(7);
}

TEST_F(MessageTest, PayloadsMayLieAnywhereButNotOnEachOther) {
  const auto echo = [&](std::uint32_t in, std::uint32_t in_size, std::uint32_t out, std::uint32_t out_size) {
    header(service, vsoc::Op::echo, 0x11);
    put(12, in);
    put(16, in_size);
    put(20, out);
    put(24, out_size);
    return send();
  };
  EXPECT_EQ(echo(2048, 100, 32, 100).x[0], 0u);
  EXPECT_EQ(echo(32, 8, 4088, 8).x[0], 0u);
  EXPECT_EQ(echo(2048, 8, 2056, 8).x[0], 0u);
  EXPECT_EQ(static_cast<std::int64_t>(echo(2048, 9, 2056, 8).x[0]), -2);
  EXPECT_EQ(static_cast<std::int64_t>(echo(2056, 8, 2048, 16).x[0]), -2);
  EXPECT_EQ(static_cast<std::int64_t>(echo(2048, 8, 2048, 8).x[0]), -2);
  expect_clean(3);
}

TEST_F(MessageTest, PayloadsMustFit) {
  for (const std::uint32_t size : {4096u - 23, 4096u, 0xFFFFFFFFu, 0x80000000u}) {
    header(service, vsoc::Op::work, 1);
    put(12, 24);
    put(16, size);
    expect_refused();
  }
  // Two that only together are too large, and sizes whose sum would wrap in 32 bits.
  header(service, vsoc::Op::echo, 0x11);
  put(12, 32);
  put(16, 4000);
  put(20, 4032);
  put(24, 72);
  expect_refused();
  header(service, vsoc::Op::echo, 0x11);
  put(12, 32);
  put(16, 0xFFFFFFF0);
  put(20, 16);
  put(24, 8);
  expect_refused();
  expect_clean(6);
}

TEST_F(MessageTest, TheLastByteMayBeUsed) {
  header(service, vsoc::Op::mirror, 1);
  put(12, 24);
  put(16, 4096 - 24);
  EXPECT_EQ(send().x[0], 0u);
  expect_clean();
}

TEST_F(MessageTest, EmptyBuffersHaveNoOffset) {
  header(service, vsoc::Op::mirror, 0x12);
  put(12, 0xDEADBEEF);
  put(16, 0);
  put(20, 40);
  put(24, 8);
  put(28, 0x12345678);
  put(32, 0);
  const SmcFrame frame = send();
  EXPECT_EQ(frame.x[0], 0u);
  EXPECT_EQ(frame.x[2], 0u);
  expect_clean();
}

TEST_F(MessageTest, RefusedMessagesTakeNoObjects) {
  header(service, vsoc::Op::hold, 0x0201);
  put(12, 32);  // on the arguments, which end at 36
  put(16, 8);
  put(20, 0x80000100);
  put(28, 0x80000101);
  expect_refused();
  EXPECT_EQ(linux_.report(service).ns_ids, 0u);
  expect_clean(1);
}

TEST_F(MessageTest, AnIdTwiceInOneMessageIsRefusedAndTakesNothing) {
  header(service, vsoc::Op::hold, 0x0300);
  put(12, 0x80000100);
  put(20, 0x80000101);
  put(28, 0x80000100);
  expect_refused();
  EXPECT_EQ(linux_.report(service).ns_ids, 0u);
  expect_clean(1);
}

TEST_F(MessageTest, FifteenOfEachKind) {
  Arguments arguments;
  std::vector<Id> given;
  for (unsigned index = 0; index < 15; ++index) {
    arguments.ins.push_back(bytes_of(index));
    arguments.outs.push_back(4);
    given.push_back(linux_.object(nullptr));
    arguments.objects.push_back(given.back());
  }
  arguments.wanted = 15;
  const Answer answer = op(vsoc::Op::mirror, arguments);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.objects, given);
  for (unsigned index = 0; index < 15; ++index) EXPECT_EQ(value_of<unsigned>(answer.outs[index]), index);
  expect_clean();
}

TEST_F(MessageTest, OutputsOfAFailedOperationStayUntouched) {
  header(service, vsoc::Op::echo, 0x11);
  put(12, 32);
  put(16, 9);
  put(20, 48);
  put(24, 8);
  const SmcFrame frame = send();
  EXPECT_EQ(frame.x[0], 0u);
  EXPECT_EQ(frame.x[2], 4u);
  EXPECT_EQ(get(24), 8u);
  expect_clean();
}

TEST_F(MessageTest, TheOutboundBufferIsClearedOnAFinalAnswer) {
  header(service, vsoc::Op::null, 0);
  const std::uint32_t stale = 0x00010002;
  std::memcpy(out_.bytes.data(), &stale, 4);
  EXPECT_EQ(send().x[0], 0u);
  std::uint32_t word;
  std::memcpy(&word, out_.bytes.data(), 4);
  EXPECT_EQ(word, 0u);
}

}  // namespace
}  // namespace qtee::fw::test
