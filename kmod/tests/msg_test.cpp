// SPDX-License-Identifier: BSD-3-Clause
//
// The wire format: every shape of arguments, every limit, and what is believed of what QTEE writes.
#include "msg.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <vector>

namespace {

constexpr std::uint32_t align8(std::uint32_t n) { return (n + 7) & ~7u; }

// Aligned memory for a message.
class Message {
 public:
  explicit Message(std::size_t size) : words_((size + 7) / 8), size_(size) {}
  void* data() { return words_.data(); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(size_); }
  std::uint32_t word(std::uint32_t at) { return qtee_msg_word(data(), at); }
  void set(std::uint32_t at, std::uint32_t value) {
    std::memcpy(reinterpret_cast<char*>(words_.data()) + at, &value, sizeof value);
  }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

struct Args {
  std::vector<qtee_arg> arg;
  qtee_args args{};

  void add(qtee_arg_kind kind, std::size_t size = 0) {
    qtee_arg one{};
    one.kind = kind;
    one.buffer.size = size;
    arg.push_back(one);
  }
  qtee_args* get() {
    args.count = static_cast<unsigned>(arg.size());
    args.arg = arg.data();
    return &args;
  }
};

// Measures the arguments and gives them their places in a message of that many bytes at most.
int layout(qtee_args* args, std::uint32_t limit, std::uint32_t* counts) {
  qtee_msg_places places{};
  const int size = qtee_msg_measure(args, limit, counts, &places);
  if (size < 0) return size;
  Message message(static_cast<std::size_t>(size));
  for (unsigned i = 0; i < args->count; i++) qtee_msg_arg_place(message.data(), &places, &args->arg[i]);
  return size;
}

// Takes what an answer says of all outputs: 0, or -EBADMSG if any of them can't be.
int answer(const void* message, qtee_args* args) {
  int result = 0;
  for (unsigned i = 0; i < args->count; i++)
    if (const int error = qtee_msg_arg_answer(message, &args->arg[i])) result = error;
  return result;
}

// The layout as protocol.md has it, worked out a second time and in another way: group by kind, then place.
void expect_layout(Args& args, std::uint32_t size, std::uint32_t counts) {
  std::array<std::vector<const qtee_arg*>, QTEE_ARG_KINDS> kinds;
  for (const qtee_arg& arg : args.arg) kinds[arg.kind].push_back(&arg);
  std::uint32_t word = 0, slot = 0;
  std::uint32_t at = align8(12 + 8 * static_cast<std::uint32_t>(args.arg.size()));
  for (unsigned kind = 0; kind < QTEE_ARG_KINDS; kind++) {
    word |= static_cast<std::uint32_t>(kinds[kind].size()) << (4 * kind);
    for (const qtee_arg* arg : kinds[kind]) {
      EXPECT_EQ(arg->slot, slot++);
      if (kind > QTEE_ARG_OB) continue;
      EXPECT_EQ(arg->wire, at);
      at += align8(static_cast<std::uint32_t>(arg->buffer.size));
    }
  }
  EXPECT_EQ(size, at);
  EXPECT_EQ(counts, word);
}

TEST(Layout, EveryNumberOfEveryKind) {
  // 16^4 shapes, each in an order of its own and with sizes of its own.
  std::mt19937 random(1);
  for (unsigned shape = 0; shape < 0x10000; shape++) {
    Args args;
    for (unsigned kind = 0; kind < QTEE_ARG_KINDS; kind++)
      for (unsigned n = 0; n < ((shape >> (4 * kind)) & 0xF); n++)
        args.add(static_cast<qtee_arg_kind>(kind), random() % 100);
    std::shuffle(args.arg.begin(), args.arg.end(), random);
    std::uint32_t counts = 0;
    const int size = layout(args.get(), QTEE_MSG_MAX, &counts);
    ASSERT_GT(size, 0);
    expect_layout(args, static_cast<std::uint32_t>(size), counts);
    ASSERT_EQ(counts, shape);
    if (HasFailure()) FAIL() << "shape " << shape;
  }
}

TEST(Layout, SixteenOfAKindAreTooMany) {
  for (unsigned kind = 0; kind < QTEE_ARG_KINDS; kind++) {
    Args args;
    for (int n = 0; n < 16; n++) args.add(static_cast<qtee_arg_kind>(kind), 1);
    std::uint32_t counts = 0;
    EXPECT_EQ(layout(args.get(), QTEE_MSG_MAX, &counts), -E2BIG);
  }
}

TEST(Layout, UnknownKind) {
  Args args;
  args.add(static_cast<qtee_arg_kind>(QTEE_ARG_KINDS));
  std::uint32_t counts = 0;
  EXPECT_EQ(layout(args.get(), QTEE_MSG_MAX, &counts), -EINVAL);
}

TEST(Layout, FourMebibytesAndNotAByteMore) {
  const std::uint32_t header = align8(12 + 8);
  std::uint32_t counts = 0;
  for (const qtee_arg_kind kind : {QTEE_ARG_IB, QTEE_ARG_OB}) {
    Args fits;
    fits.add(kind, QTEE_MSG_MAX - header);
    EXPECT_EQ(layout(fits.get(), QTEE_MSG_MAX, &counts), QTEE_MSG_MAX);
    Args over;
    over.add(kind, QTEE_MSG_MAX - header + 1);
    EXPECT_EQ(layout(over.get(), QTEE_MSG_MAX, &counts), -EMSGSIZE);
  }
}

TEST(Layout, SizesThatWouldOverflow) {
  std::uint32_t counts = 0;
  for (const std::size_t size : {std::size_t{0xFFFFFFFF}, std::size_t{0x100000000}, ~std::size_t{0}, ~std::size_t{6}}) {
    Args args;
    args.add(QTEE_ARG_IB, size);
    EXPECT_EQ(layout(args.get(), QTEE_MSG_MAX, &counts), -EMSGSIZE) << size;
  }
  Args many;
  for (int n = 0; n < 15; n++) many.add(QTEE_ARG_IB, QTEE_MSG_MAX);
  for (int n = 0; n < 15; n++) many.add(QTEE_ARG_OB, QTEE_MSG_MAX);
  EXPECT_EQ(layout(many.get(), QTEE_MSG_MAX, &counts), -EMSGSIZE);
}

// Buffers that have their place already are left there, and take no room of the message's own.
TEST(Placed, StaysWhereItIs) {
  Args args;
  args.add(QTEE_ARG_IB, 100);
  args.add(QTEE_ARG_OB, 60'000);
  args.add(QTEE_ARG_IB, 8);
  args.arg[1].flags = QTEE_ARG_PLACED;
  args.arg[1].wire = 8192;
  std::uint32_t counts = 0;
  EXPECT_EQ(layout(args.get(), 4096, &counts), 40 + 104 + 8);
  EXPECT_TRUE(args.args.placed);
  EXPECT_EQ(counts, 0x12u);
  EXPECT_EQ(args.arg[0].wire, 40u);
  EXPECT_EQ(args.arg[1].wire, 8192u);
  EXPECT_EQ(args.arg[1].slot, 2u);
  EXPECT_EQ(args.arg[2].wire, 144u);
  EXPECT_EQ(qtee_msg_placed_end(&args.args, 4096, 8192 + 60'000), 8192 + 60'000);
  args.arg[1].flags = 0;
  args.arg[1].buffer.size = 8;
  layout(args.get(), 4096, &counts);
  EXPECT_FALSE(args.args.placed);
}

TEST(Placed, HasToBeInsideAlignedAndApart) {
  constexpr std::uint32_t kFrom = 4096, kTo = 65536;
  struct Place {
    std::uint32_t at;
    std::size_t size;
  };
  const auto end = [](std::initializer_list<Place> places) {
    Args args;
    for (const Place& place : places) {
      args.add(args.arg.size() % 2 ? QTEE_ARG_OB : QTEE_ARG_IB, place.size);
      args.arg.back().flags = QTEE_ARG_PLACED;
      args.arg.back().wire = place.at;
    }
    return qtee_msg_placed_end(args.get(), kFrom, kTo);
  };
  EXPECT_EQ(end({}), static_cast<int>(kFrom));
  EXPECT_EQ(end({{kFrom, 1}}), static_cast<int>(kFrom + 1));
  EXPECT_EQ(end({{kTo - 8, 8}, {kFrom, 8}}), static_cast<int>(kTo));
  EXPECT_EQ(end({{kTo, 0}}), static_cast<int>(kTo));
  EXPECT_EQ(end({{kFrom, kTo - kFrom}}), static_cast<int>(kTo));
  for (const Place& place :
       {Place{kFrom - 8, 8}, Place{0, 8}, Place{kFrom + 4, 8}, Place{kTo - 8, 9}, Place{kTo, 1}, Place{kTo + 8, 0},
        Place{0xFFFFFFF8, 8}, Place{kFrom, kTo}, Place{kFrom, ~std::size_t{0}}, Place{kFrom, std::size_t{1} << 32}})
    EXPECT_EQ(end({place}), -EINVAL) << place.at << " " << place.size;
  EXPECT_EQ(end({{8192, 16}, {8208, 8}, {8184, 8}}), 8216);
  EXPECT_EQ(end({{8192, 16}, {8200, 8}}), -EINVAL);
  EXPECT_EQ(end({{8200, 8}, {8192, 16}}), -EINVAL);
  EXPECT_EQ(end({{8192, 8}, {8192, 8}}), -EINVAL);
  EXPECT_EQ(end({{8192, 8}, {16384, 8}, {8192, 1}}), -EINVAL);
  EXPECT_EQ(end({{8192, 0}, {8192, 8}}), 8200) << "nothing lies on nothing";
}

// An invocation with one of each kind, written and laid out.
class Answer : public testing::Test {
 protected:
  void SetUp() override {
    args.add(QTEE_ARG_OO);
    args.add(QTEE_ARG_OB, 20);
    args.add(QTEE_ARG_IO);
    args.add(QTEE_ARG_IB, 3);
    std::uint32_t counts = 0;
    qtee_msg_places places{};
    ASSERT_EQ(qtee_msg_measure(args.get(), QTEE_MSG_MAX, &counts, &places), 48 + 8 + 24);
    qtee_msg_invoke_write(message.data(), 5, 0x1234, counts);
    for (qtee_arg& arg : args.arg) {
      qtee_msg_arg_place(message.data(), &places, &arg);
      if (arg.kind != QTEE_ARG_IO) continue;
      arg.wire = 0x80000007;
      qtee_msg_arg_object(message.data(), &arg);
    }
  }
  Args args;
  Message message{4096};
};

TEST_F(Answer, IsWrittenAsTheWireHasIt) {
  EXPECT_EQ(message.word(0), 5u);
  EXPECT_EQ(message.word(4), 0x1234u);
  EXPECT_EQ(message.word(8), 0x1111u);
  EXPECT_EQ(message.word(12), 48u);  // IB offset
  EXPECT_EQ(message.word(16), 3u);   // IB size
  EXPECT_EQ(message.word(20), 56u);  // OB offset
  EXPECT_EQ(message.word(24), 20u);  // OB size
  EXPECT_EQ(message.word(28), 0x80000007u);
  EXPECT_EQ(message.word(36), 0u);  // OO
}

TEST_F(Answer, SizesShrink) {
  message.set(24, 19);
  message.set(36, 77);
  EXPECT_EQ(answer(message.data(), args.get()), 0);
  EXPECT_EQ(args.arg[1].buffer.size, 19u);
  EXPECT_EQ(args.arg[0].wire, 77u);
}

TEST_F(Answer, SizesDoNotGrow) {
  for (const std::uint32_t size : {21u, 24u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    message.set(24, size);
    message.set(36, 77);
    args.arg[1].buffer.size = 20;
    EXPECT_EQ(answer(message.data(), args.get()), -EBADMSG);
    EXPECT_EQ(args.arg[1].buffer.size, 0u);
    EXPECT_EQ(args.arg[0].wire, 77u) << "the object has to be given back";
  }
}

TEST_F(Answer, OffsetsDoNotMove) {
  message.set(20, 48);
  EXPECT_EQ(answer(message.data(), args.get()), -EBADMSG);
}

// A callback request of (2,1,1,1).
class Request : public testing::Test {
 protected:
  void SetUp() override {
    args.arg.resize(QTEE_ARGS_MAX);
    message.set(4, 0x80000003);
    message.set(8, 9);
    message.set(12, 0x1112);
    const std::uint32_t payload = align8(16 + 8 * 5);
    const std::uint32_t at[] = {payload, payload + 16, payload + 16 + 8};
    const std::uint32_t size[] = {10, 8, 5};
    for (unsigned i = 0; i < 3; i++) {
      message.set(16 + 8 * i, at[i]);
      message.set(20 + 8 * i, size[i]);
    }
    message.set(16 + 8 * 3, 44);
    end = payload + 16 + 8 + 8;
  }
  int read() { return qtee_msg_request_read(message.data(), message.size(), &request, args.get()); }

  Args args;
  Message message{4096};
  qtee_msg_request request{};
  std::uint32_t end = 0;
};

TEST_F(Request, IsTaken) {
  ASSERT_EQ(read(), 0);
  EXPECT_EQ(request.object, 0x80000003u);
  EXPECT_EQ(request.op, 9u);
  EXPECT_EQ(request.tail, end);
  ASSERT_EQ(args.args.count, 5u);
  EXPECT_EQ(args.arg[0].kind, QTEE_ARG_IB);
  EXPECT_EQ(args.arg[1].kind, QTEE_ARG_IB);
  EXPECT_EQ(args.arg[2].kind, QTEE_ARG_OB);
  EXPECT_EQ(args.arg[2].buffer.size, 5u);
  EXPECT_EQ(args.arg[3].kind, QTEE_ARG_IO);
  EXPECT_EQ(args.arg[3].wire, 44u);
  EXPECT_EQ(args.arg[4].kind, QTEE_ARG_OO);
}

TEST_F(Request, TransportBitsAreNotTheOperation) {
  message.set(8, 0xABCD0009);
  message.set(12, 0xFFFF1112);
  ASSERT_EQ(read(), 0);
  EXPECT_EQ(request.op, 9u);
  EXPECT_EQ(args.args.count, 5u);
}

TEST_F(Request, OffsetsOutOfRange) {
  const std::uint32_t payload = align8(16 + 8 * 5);
  for (const std::uint32_t offset : {0u, 8u, payload - 8, payload + 1, 4096u, 4104u, 0xFFFFFFF8u, 0x80000000u}) {
    SetUp();
    message.set(16, offset);
    EXPECT_EQ(read(), -EBADMSG) << offset;
    EXPECT_EQ(args.arg[3].wire, 44u) << "the object has to be given back";
    EXPECT_EQ(request.tail, message.size());
  }
}

TEST_F(Request, SizesOutOfRange) {
  for (const std::uint32_t size : {17u, 4096u, 0x7FFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFF8u}) {
    SetUp();
    message.set(20, size);
    EXPECT_EQ(read(), -EBADMSG) << size;
  }
}

TEST_F(Request, PayloadsMayStandApartButNotOverlap) {
  const std::uint32_t payload = align8(16 + 8 * 5);
  message.set(24, payload + 64);
  message.set(32, payload + 128);
  ASSERT_EQ(read(), 0);
  EXPECT_EQ(request.tail, payload + 128 + 8);
  message.set(24, payload);
  EXPECT_EQ(read(), -EBADMSG);
}

TEST_F(Request, ToTheLastByte) {
  message.set(32, 4096 - 8);
  message.set(36, 8);
  ASSERT_EQ(read(), 0);
  EXPECT_EQ(request.tail, 4096u);
  message.set(36, 9);
  EXPECT_EQ(read(), -EBADMSG);
}

TEST_F(Request, AnswerIsWrittenInPlace) {
  ASSERT_EQ(read(), 0);
  args.arg[2].buffer.size = 4;
  args.arg[4].wire = 0x80000009;
  qtee_msg_response_write(message.data(), 0, args.get());
  EXPECT_EQ(message.word(0), 0u);
  EXPECT_EQ(message.word(36), 4u);
  EXPECT_EQ(message.word(48), 0x80000009u);
  message.set(36, 5);
  qtee_msg_response_write(message.data(), -90, args.get());
  EXPECT_EQ(static_cast<std::int32_t>(message.word(0)), -90);
  EXPECT_EQ(message.word(36), 5u) << "a failure answers nothing else";
}

TEST(Async, MessagesOneAfterAnother) {
  Message message(4096);
  const std::uint32_t first[] = {0x00010002, 0xFFFF, 3, 1, 2, 3};
  const std::uint32_t second[] = {0x00010000, 0xFFFF, 1, 9};
  for (unsigned i = 0; i < 6; i++) message.set(8 + 4 * i, first[i]);
  for (unsigned i = 0; i < 4; i++) message.set(32 + 4 * i, second[i]);
  qtee_msg_async async{};
  ASSERT_EQ(qtee_msg_async_read(message.data(), message.size(), 8, &async), 1);
  EXPECT_EQ(async.op, 0xFFFFu);
  EXPECT_EQ(async.count, 3u);
  EXPECT_EQ(async.ids, 20u);
  EXPECT_EQ(async.next, 32u);
  ASSERT_EQ(qtee_msg_async_read(message.data(), message.size(), async.next, &async), 1);
  EXPECT_EQ(async.count, 1u);
  EXPECT_EQ(async.next, 48u);
  EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), async.next, &async), 0);
}

TEST(Async, AnOperationHasSixteenBits) {
  Message message(64);
  qtee_msg_async async{};
  message.set(8, 0x10000);
  message.set(12, 0xFFFF);
  EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 8, &async), 1);
  // What the answer to a callback has in this place: the id of an object of ours.
  for (const std::uint32_t op : {0x10000u, 0x80000001u, 0xFFFFFFFFu}) {
    message.set(12, op);
    EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 8, &async), -EBADMSG) << op;
  }
}

TEST(Async, OnlyTheMajorVersionCounts) {
  Message message(4096);
  qtee_msg_async async{};
  message.set(0, 0x0001FFFF);
  EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 0, &async), 1);
  for (const std::uint32_t version : {1u, 0x00020000u, 0xFFFFFFFFu}) {
    message.set(0, version);
    EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 0, &async), -EBADMSG) << version;
  }
}

TEST(Async, CountsStayInside) {
  Message message(4096);
  qtee_msg_async async{};
  message.set(0, 0x00010002);
  message.set(8, (4096 - 12) / 4);
  EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 0, &async), 1);
  for (const std::uint32_t count : {(4096u - 12) / 4 + 1, 0x40000000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    message.set(8, count);
    EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 0, &async), -EBADMSG) << count;
  }
}

TEST(Async, AtTheEnd) {
  Message message(4096);
  qtee_msg_async async{};
  EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 4096, &async), 0);
  message.set(4088, 0x00010002);
  EXPECT_EQ(qtee_msg_async_read(message.data(), message.size(), 4088, &async), -EBADMSG) << "no room for a header";
}

// As QTEE reads it, from the published description of the message and not from msg.c.
TEST(Mapping, IsWrittenAsTheWireHasIt) {
  Message message(4096);
  const qtee_msg_mapping mapping{0x80000005, 0x80000006, 0x1'2345'6000, 0x2'0000'3000, 6};
  EXPECT_EQ(qtee_msg_mapping_write(message.data(), message.size(), 0, &mapping), 48);
  const std::array<std::uint32_t, 13> words{0x00010002, 3,      1, 0, 0x80000005, 0x80000006, 0x23456000,
                                            1,          0x3000, 2, 6, 0,          0};
  for (std::uint32_t i = 0; i < words.size(); i++) EXPECT_EQ(message.word(4 * i), words[i]) << i;
  EXPECT_EQ(qtee_msg_mapping_write(message.data(), message.size(), 48, &mapping), 96);
  EXPECT_EQ(message.word(48), 0x00010002u);
}

TEST(Mapping, FifteenFitAPageAndTheEndIsTheEnd) {
  Message message(4096);
  const qtee_msg_mapping mapping{1, 2, 3, 4, 5};
  int at = 0;
  for (int i = 0; i < QTEE_ARGS_PER_KIND; i++) {
    at = qtee_msg_mapping_write(message.data(), message.size(), static_cast<std::uint32_t>(at), &mapping);
    ASSERT_GT(at, 0);
  }
  EXPECT_EQ(message.word(static_cast<std::uint32_t>(at)), 0u);
  EXPECT_EQ(qtee_msg_mapping_write(message.data(), 4096, 4096 - 48, &mapping), 4096);
  for (const std::uint32_t where : {4096u - 40, 4096u, 4104u, 0xFFFFFFF8u})
    EXPECT_EQ(qtee_msg_mapping_write(message.data(), 4096, where, &mapping), -EMSGSIZE) << where;
  EXPECT_EQ(qtee_msg_mapping_write(message.data(), 40, 0, &mapping), -EMSGSIZE);
}

}  // namespace
