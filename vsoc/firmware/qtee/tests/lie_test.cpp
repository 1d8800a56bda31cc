// SPDX-License-Identifier: BSD-3-Clause
//
// Every lie: Linux sees it, and QTEE's books are in order afterwards.

#include <set>

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

using vsoc::LieKind;

constexpr std::uint64_t kForever = ~std::uint64_t{0};

class LieTest : public Core {
 protected:
  Id plain() {
    return linux_.object([this](const Request& request) {
      ++served_;
      for (const Id id : request.objects) {
        if (id > 1 && (id & 0x80000000) == 0) linux_.release(id);
      }
      return Reply{};
    });
  }
  // Raw: the words of the answer's outbound buffer.
  unsigned served_ = 0;
};

TEST_F(LieTest, NoneIsMirror) {
  const Answer answer =
      lie(LieKind::none, 0, {.ins = {bytes_of_text("abc")}, .outs = {3}, .objects = {service}, .wanted = 1});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.outs[0], bytes_of_text("abc"));
  EXPECT_EQ(answer.objects[0], service);
  linux_.release(service);
  expect_clean();
}

TEST_F(LieTest, OutputBuffers) {
  const Arguments arguments{.ins = {Bytes(4)}, .outs = {4}};
  EXPECT_EQ(lie(LieKind::ob_size_grown, 0, arguments).broken, std::vector<std::string>{"output buffer grown to 5"});
  EXPECT_EQ(lie(LieKind::ob_size_huge, 0xFFFFFFFF, arguments).broken,
            std::vector<std::string>{"output buffer grown to 4294967295"});
  EXPECT_EQ(lie(LieKind::ob_offset_moved, 0x1000000, arguments).broken,
            std::vector<std::string>{"output buffer moved"});
  EXPECT_TRUE(lie(LieKind::counts_changed, 0xFFFF, arguments).ok());  // a Linux that reads counts once is unmoved
  expect_clean();
}

TEST_F(LieTest, UnknownAndReleasedOutputObjects) {
  EXPECT_EQ(lie(LieKind::oo_unknown, 0, {.wanted = 1}).broken.size(), 1u);
  // The release stands in the same answer: Linux takes it first.
  EXPECT_EQ(lie(LieKind::oo_released, 0, {.objects = {plain()}, .wanted = 1}).broken.size(), 1u);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean();
}

TEST_F(LieTest, OneIdTwice) {
  const Answer answer = lie(LieKind::oo_twice, 0, {.wanted = 3});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.objects[0], answer.objects[1]);
  EXPECT_EQ(answer.objects[0], answer.objects[2]);
  EXPECT_EQ(linux_.report(service).tee_references, baseline.tee_references + 1);
  EXPECT_EQ(linux_.release(answer.objects[0]).result, 0);
  EXPECT_EQ(linux_.invoke(answer.objects[1], vsoc::Op::null).result, -92);
  EXPECT_EQ(linux_.release(answer.objects[1]).result, -92);
  EXPECT_EQ(linux_.release(answer.objects[2]).result, -92);
  EXPECT_EQ(linux_.report(service).faults, 0u);
  linux_.release(answer.objects[2]);  // once too often, lie or not
  expect_clean(1);
}

TEST_F(LieTest, ReservedIds) {
  for (const Id id : {0u, 1u, 2u, 0x12345u, 0x80000000u}) {
    const Answer answer = lie(LieKind::oo_reserved, id, {.wanted = 1});
    ASSERT_TRUE(answer.ok()) << id;
    EXPECT_EQ(answer.objects[0], id);
    if (id != 0 && (id & 0x80000000) == 0) linux_.release(id);
  }
  // An id that lives gets a reference that counts.
  EXPECT_EQ(lie(LieKind::oo_reserved, service, {.wanted = 1}).objects[0], service);
  EXPECT_EQ(linux_.release(service).result, 0);
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  expect_clean();
}

TEST_F(LieTest, ResponseTypes) {
  for (const std::uint64_t type : {1ull, 2ull, 4ull, 0xFFFFFFFFull}) {
    const Answer answer = lie(LieKind::response_type, type, {.objects = {service, plain()}, .wanted = 1});
    EXPECT_EQ(answer.type, type);
    ASSERT_EQ(answer.objects.size(), 1u);
    linux_.release(service);
  }
  // A callback that is none: Linux is sent to a null object, and its answer is to no call.
  const Answer answer = lie(LieKind::response_type, 3, {.objects = {service, plain()}, .wanted = 1});
  EXPECT_EQ(answer.status, -2);
  EXPECT_EQ(linux_.take_breaches(), std::vector<std::string>{"callback to unknown 0"});
  expect_clean();
}

struct AsyncCase {
  LieKind kind;
  std::uint64_t value;
  bool released_at_once;  // Linux must have released OI[0] after the lying answer
  unsigned breaches;      // what Linux complains of
};

class AsyncLie : public LieTest, public testing::WithParamInterface<AsyncCase> {};

TEST_P(AsyncLie, IsSeenAndLosesNothing) {
  const AsyncCase& each = GetParam();
  const Id object = plain();
  EXPECT_TRUE(lie(each.kind, each.value, {.objects = {object}}).ok());
  EXPECT_EQ(linux_.alive().empty(), each.released_at_once);
  const auto breaches = linux_.take_breaches();
  if (each.breaches == kForever) {
    EXPECT_FALSE(breaches.empty());
  } else {
    EXPECT_EQ(breaches.size(), each.breaches) << testing::PrintToString(breaches);
  }
  expect_clean();
}

TEST_P(AsyncLie, WorksWithoutAnObject) {
  const AsyncCase& each = GetParam();
  EXPECT_TRUE(lie(each.kind, each.value).ok());
  EXPECT_TRUE(lie(each.kind, each.value, {.objects = {0x80000000}}).ok());  // which is no object of Linux's to lose
  linux_.take_breaches();
  expect_clean();
}

INSTANTIATE_TEST_SUITE_P(
    All, AsyncLie,
    testing::Values(
        AsyncCase{LieKind::async_version, 0x00020000, false, 1},
        AsyncCase{LieKind::async_version, 0xFFFFFFFF, false, 1}, AsyncCase{LieKind::async_version, 0x0001FFFF, true, 0},
        AsyncCase{LieKind::async_version, 0, false, 0}, AsyncCase{LieKind::async_op, 3, false, 1},
        AsyncCase{LieKind::async_op, 0x1FFFF, false, 1}, AsyncCase{LieKind::async_op, 0xFFFF, true, 0},
        AsyncCase{LieKind::async_count, 0xFFFFFFFF, false, 1}, AsyncCase{LieKind::async_count, 0x40000000, false, 1},
        AsyncCase{LieKind::async_count, 1022, false, 1}, AsyncCase{LieKind::async_count, 1021, true, 1020},
        AsyncCase{LieKind::async_count, 0, false, 0}, AsyncCase{LieKind::async_count, 1, true, 0},
        AsyncCase{LieKind::async_unknown_id, 0, false, 1}, AsyncCase{LieKind::async_twice, 0, true, 1},
        AsyncCase{LieKind::async_primordial, 0, false, 1}, AsyncCase{LieKind::async_tee_id, 77, false, 1},
        AsyncCase{LieKind::async_unpacked, 0, true, 1}, AsyncCase{LieKind::async_unpacked, 8, true, 0},
        AsyncCase{LieKind::async_unpacked, 0xFFFFFFFFFF, true, 0}, AsyncCase{LieKind::async_full, 0, true, 1020},
        AsyncCase{LieKind::async_truncated, 0, false, 1018}, AsyncCase{LieKind::async_truncated, 1, true, 1017}));

struct CallbackCase {
  LieKind kind;
  std::uint64_t value;
  std::int32_t result;
  unsigned breaches;
  unsigned served;
};

class CallbackLie : public LieTest, public testing::WithParamInterface<CallbackCase> {};

TEST_P(CallbackLie, IsRefusedAndLosesNothing) {
  const CallbackCase& each = GetParam();
  const Id tee = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  // Two buffers in, one out, objects of both kinds.
  const Answer answer = lie(each.kind, each.value,
                            {.ins = {bytes_of_text("first payload"), bytes_of_text("second")},
                             .outs = {24},
                             .objects = {plain(), plain(), tee}});
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.result, each.result);
  EXPECT_EQ(served_, each.served);
  const auto breaches = linux_.take_breaches();
  EXPECT_EQ(breaches.size(), each.breaches) << testing::PrintToString(breaches);
  linux_.release(tee);
  expect_clean();
}

INSTANTIATE_TEST_SUITE_P(
    All, CallbackLie,
    testing::Values(
        CallbackCase{LieKind::cb_unknown_id, 0, -96, 1, 0}, CallbackCase{LieKind::cb_released_id, 0, -96, 1, 0},
        CallbackCase{LieKind::cb_null, 0, -96, 1, 0}, CallbackCase{LieKind::cb_tee_id, 5, -96, 1, 0},
        CallbackCase{LieKind::cb_ib_offset, 0xFFFFFFF0, -96, 1, 0}, CallbackCase{LieKind::cb_ib_offset, 0, -96, 1, 0},
        CallbackCase{LieKind::cb_ib_size, 0xFFFFFFFF, -96, 1, 0}, CallbackCase{LieKind::cb_ob_offset, 4096, -96, 1, 0},
        CallbackCase{LieKind::cb_ob_size, 0x80000000, -96, 1, 0}, CallbackCase{LieKind::cb_ob_size, 25, 0, 0, 1},
        CallbackCase{LieKind::cb_counts, 0xFFFFFFFF, -96, 1, 0}, CallbackCase{LieKind::cb_counts, 0xFFFF, -96, 1, 0},
        CallbackCase{LieKind::cb_counts, 0, 0, 1, 1}, CallbackCase{LieKind::cb_op_bits, 0xFFFF, 0, 0, 1},
        CallbackCase{LieKind::cb_io_unknown, 0, -96, 1, 0}, CallbackCase{LieKind::cb_unpacked, 8, -96, 1, 0},
        CallbackCase{LieKind::cb_unpacked, 0xFFFFFFFFFF, 0, 0, 1}, CallbackCase{LieKind::cb_overlap, 0, -96, 1, 0},
        CallbackCase{LieKind::cb_primordial_op, 77, -96, 0, 0}, CallbackCase{LieKind::cb_primordial_op, 1, 0, 0, 0},
        CallbackCase{LieKind::cb_map_not_memory, 0, -96, 0, 0}, CallbackCase{LieKind::cb_async_behind, 0, 0, 1, 1},
        CallbackCase{LieKind::cb_async_behind, 1, 0, 1, 1}));

TEST_F(LieTest, CountsThatTurnWordsIntoObjects) {
  // Buffers' offsets are read as objects' ids: Linux takes them for QTEE's, and releases them.
  const Answer answer = lie(LieKind::cb_counts, 0x0200, {.ins = {Bytes(8)}, .outs = {8}, .objects = {plain()}});
  EXPECT_EQ(answer.result, 0);
  linux_.take_breaches();
  expect_clean();
}

TEST_F(LieTest, CountsThatAskForMoreObjects) {
  const Id extra = linux_.object(nullptr);
  const Id callee = linux_.object([&](const Request& request) {
    EXPECT_EQ(request.wanted, 2u);
    return Reply{.objects = {0, extra}};
  });
  EXPECT_EQ(lie(LieKind::cb_counts, 0x2000, {.objects = {callee}}).result, 0);
  linux_.take_breaches();
  expect_clean();
}

TEST_F(LieTest, MapRegionOnMemoryIsUndone) {
  const Memory memory = linux_.memory(4096);
  EXPECT_EQ(lie(LieKind::cb_map_not_memory, 0, {.objects = {linux_.memory_object(memory)}}).result, 0);
  expect_clean();
}

TEST_F(LieTest, LiesNeedTheirArguments) {
  for (std::uint32_t kind = 0; kind < 70; ++kind) {
    const auto refused = [&](const Arguments& arguments) {
      return lie(static_cast<LieKind>(kind), 1, arguments).result == 2;
    };
    const bool exists = (kind >= 1 && kind <= 9) || (kind >= 20 && kind <= 29) || (kind >= 40 && kind <= 55);
    if (!exists && kind != 0) {
      EXPECT_TRUE(refused({.ins = {Bytes(1), Bytes(1)}, .outs = {1}, .objects = {plain(), plain()}, .wanted = 1}))
          << kind;
    }
    const std::set<std::uint32_t> needy{1, 2, 3, 5, 6, 7, 8, 41, 44, 45, 46, 47, 48, 49, 50, 51, 52, 54, 55};
    if (needy.contains(kind)) {
      EXPECT_TRUE(refused({})) << kind;
    }
  }
  linux_.take_breaches();
  expect_clean();
}

TEST_F(LieTest, NoLieCarriesTheQueue) {
  // Releases that wait go with honest answers only.
  const Id object = linux_.object(nullptr);
  EXPECT_TRUE(op(vsoc::Op::hold, {.objects = {object}}).ok());
  const Id callee = linux_.object([&](const Request&) {
    linux_.on_request = nullptr;
    return Reply{};
  });
  EXPECT_TRUE(lie(LieKind::ob_size_grown, 0, {.ins = {Bytes(1)}, .outs = {1}, .objects = {callee}}).status == 0);
  EXPECT_EQ(linux_.alive(), (std::vector<Id>{object, callee}));
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::test
