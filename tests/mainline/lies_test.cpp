// SPDX-License-Identifier: BSD-3-Clause
//
// QTEE misbehaves, in ways that mainline's driver lives through: each ends in a clear answer, and nothing is lost. What
// mainline does not survive is listed in tests/README.md, and waits for a driver that does.
#include <cstring>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

using vsoc::LieKind;
using vsoc::Op;

class Lies : public JudgeTest {
 protected:
  Invocation lie(LieKind kind, std::uint64_t value = 0, std::uint32_t op = 5) {
    Invocation invocation = service().call(Op::lie);
    invocation.in_value(vsoc::LieRequest{static_cast<std::uint32_t>(kind), op, value});
    return invocation;
  }
  Outcome run(Invocation& invocation) { return service().run(invocation); }
  Outcome run(Invocation&& invocation) { return service().run(invocation); }

  // The driver still works, with buffers, objects and callbacks.
  void expect_alive() {
    const auto in = pattern_bytes(777);
    std::vector<std::byte> out(777);
    std::size_t size = 0;
    EXPECT_OK(service().echo(in, out, size));
    EXPECT_TRUE(in == out);
    std::vector<Received> objects(2);
    EXPECT_OK(service().create(objects));
    const Callee callee(server(), [](Request&) { return 0; });
    EXPECT_OK(
        run(service().call(Op::callback).in_value(vsoc::CallbackRequest{1, 1}).in_callback(server(), callee.id())));
    EXPECT_EQ(callee.calls(), 1u);
    EXPECT_TRUE(poll_references(server(), callee.id(), 0));
  }
  void TearDown() override {
    expect_alive();
    JudgeTest::TearDown();
  }
};

TEST_F(Lies, NoneIsMirror) {
  std::uint64_t out = 0;
  EXPECT_OK(run(lie(LieKind::none).in_value(std::uint64_t{42}).out_value(out)));
  EXPECT_EQ(out, 42u);
}

TEST_F(Lies, OutputObjectUnknown) {
  std::vector<Received> created(1);
  ASSERT_OK(service().create(created));
  Received out;
  EXPECT_THAT(run(lie(LieKind::oo_unknown).in_object(created[0].object()).out_object(out)), Answers(-96));
  EXPECT_TRUE(out.is_null());
}

TEST_F(Lies, OutputObjectReleased) {
  const Callee callee(server(), [](Request&) { return 0; });
  Received out;
  const Outcome outcome = run(lie(LieKind::oo_released).in_callback(server(), callee.id()).out_object(out));
  EXPECT_EQ(outcome.error, 0);
  if (outcome.result == 0) {
    EXPECT_TRUE(out.is_user());
  }
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

TEST_F(Lies, OutputObjectTwice) {
  std::vector<Received> out(3);
  Invocation invocation = lie(LieKind::oo_twice);
  std::vector<Received> created(1);
  ASSERT_OK(service().create(created));
  invocation.in_object(created[0].object());
  for (Received& object : out) invocation.out_object(object);
  EXPECT_OK(run(invocation));
  for (const Received& object : out) EXPECT_TRUE(object.is_tee());
}

TEST_F(Lies, OutputObjectPrimordial) {
  Received out;
  EXPECT_THAT(run(lie(LieKind::oo_reserved, 0x80000000).out_object(out)), Answers(-96));
  EXPECT_OK(run(lie(LieKind::oo_reserved, 0).out_object(out)));
  EXPECT_TRUE(out.is_null());
}

TEST_F(Lies, CountsChanged) {
  std::uint64_t out = 0;
  EXPECT_OK(run(lie(LieKind::counts_changed, 0xFFFF).in_value(std::uint64_t{42}).out_value(out)));
  EXPECT_EQ(out, 42u);
}

TEST_F(Lies, ResponseTypes) {
  for (const std::uint64_t type : {1u, 2u, 4u, 77u, 0xFFFFFFFFu}) {
    std::uint64_t out = 0;
    EXPECT_OK(run(lie(LieKind::response_type, type).in_value(std::uint64_t{42}).out_value(out))) << type;
    EXPECT_EQ(out, 42u) << "all but 3 is final";
  }
}

// What a driver that checks refuses, and mainline believes.
TEST_F(Lies, OutputSizeGrown) {
  std::byte out[64] = {};
  std::size_t size = 0;
  const Outcome outcome = run(lie(LieKind::ob_size_grown).in_value(std::uint64_t{42}).out(out, 8, &size));
  if (driver_is_mainline()) {
    EXPECT_OK(outcome);
    EXPECT_EQ(size, 9u) << "one byte past the caller's buffer: is it still mainline?";
  } else {
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(out[8], std::byte{0});
  }
}

TEST_F(Lies, OutputOffsetMoved) {
  // To the header, which is in the message and no payload.
  std::uint64_t out = 0;
  const Outcome outcome = run(lie(LieKind::ob_offset_moved, 0).in_value(std::uint64_t{42}).out_value(out));
  if (driver_is_mainline()) {
    EXPECT_OK(outcome);
    EXPECT_NE(out, 42u);
  } else {
    EXPECT_TRUE(!outcome.ok() || out == 42u) << "the header was given out as payload";
  }
}

using KindAndValue = std::tuple<const char*, LieKind, std::uint64_t>;
std::string lie_name(const ::testing::TestParamInfo<KindAndValue>& info) { return std::get<0>(info.param); }

// Outputs that lie outside of the message, or of the caller's buffer. Not asked of mainline.
class OutputLies : public Lies, public ::testing::WithParamInterface<KindAndValue> {};

TEST_P(OutputLies, AreRefused) {
  if (driver_is_mainline()) GTEST_SKIP() << "mainline copies from, and to, wherever it is told";
  const auto& [name, kind, value] = GetParam();
  std::byte out[64];
  std::fill(std::begin(out), std::end(out), std::byte{0xCC});
  EXPECT_FALSE(run(lie(kind, value).in_value(std::uint64_t{42}).out(out, 8)).ok());
  for (std::size_t i = 8; i < sizeof(out); i++) EXPECT_EQ(out[i], std::byte{0xCC}) << i;
}

INSTANTIATE_TEST_SUITE_P(Outputs, OutputLies,
                         ::testing::Values(KindAndValue("size_9", LieKind::ob_size_huge, 9),
                                           KindAndValue("size_65536", LieKind::ob_size_huge, 65'536),
                                           KindAndValue("size_max", LieKind::ob_size_huge, 0xFFFFFFFF),
                                           KindAndValue("offset_4092", LieKind::ob_offset_moved, 4092),
                                           KindAndValue("offset_4096", LieKind::ob_offset_moved, 4096),
                                           KindAndValue("offset_max", LieKind::ob_offset_moved, 0xFFFFFFFC)),
                         lie_name);

// Callback requests whose buffers lie outside of the message. Not asked of mainline.
class BufferLies : public Lies, public ::testing::WithParamInterface<KindAndValue> {};

TEST_P(BufferLies, AreRefused) {
  if (driver_is_mainline()) GTEST_SKIP() << "mainline reads and writes wherever it is told";
  const auto& [name, kind, value] = GetParam();
  const Callee callee(server(), [](Request&) { return 0; });
  std::uint64_t out = 0;
  const Outcome outcome =
      run(lie(kind, value).in_value(std::uint64_t{42}).out_value(out).in_callback(server(), callee.id()));
  EXPECT_FALSE(outcome.ok());
  EXPECT_EQ(callee.calls(), 0u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

INSTANTIATE_TEST_SUITE_P(Requests, BufferLies,
                         ::testing::Values(KindAndValue("in_offset_4092", LieKind::cb_ib_offset, 4092),
                                           KindAndValue("in_offset_max", LieKind::cb_ib_offset, 0xFFFFFFF8),
                                           KindAndValue("in_size_4096", LieKind::cb_ib_size, 4096),
                                           KindAndValue("in_size_max", LieKind::cb_ib_size, 0xFFFFFFFF),
                                           KindAndValue("out_offset_4092", LieKind::cb_ob_offset, 4092),
                                           KindAndValue("out_offset_max", LieKind::cb_ob_offset, 0xFFFFFFF8),
                                           KindAndValue("out_size_16384", LieKind::cb_ob_size, 16384),
                                           KindAndValue("out_size_max", LieKind::cb_ob_size, 0xFFFFFFFF)),
                         lie_name);

// Asynchronous messages behind the final answer.
class AsyncLies : public Lies, public ::testing::WithParamInterface<KindAndValue> {};

TEST_P(AsyncLies, DoNoHarm) {
  const auto& [name, kind, value] = GetParam();
  const bool counts = (kind == LieKind::async_count && value != 0) || kind == LieKind::async_truncated;
  if (counts && driver_is_mainline()) GTEST_SKIP() << "mainline takes ids from beyond the buffer";
  const Callee callee(server(), [](Request&) { return 0; });
  std::uint64_t out = 0;
  EXPECT_OK(run(lie(kind, value).in_value(std::uint64_t{42}).out_value(out).in_callback(server(), callee.id())));
  EXPECT_EQ(out, 42u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
  EXPECT_EQ(callee.releases(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Messages, AsyncLies,
    ::testing::Values(
        KindAndValue("version_0x20000", LieKind::async_version, 0x00020000), KindAndValue("op_3", LieKind::async_op, 3),
        KindAndValue("count_0", LieKind::async_count, 0), KindAndValue("unknown_id", LieKind::async_unknown_id, 0),
        KindAndValue("twice", LieKind::async_twice, 0), KindAndValue("primordial", LieKind::async_primordial, 0),
        KindAndValue("tee_id", LieKind::async_tee_id, 2), KindAndValue("unpacked", LieKind::async_unpacked, 64),
        KindAndValue("full", LieKind::async_full, 0), KindAndValue("count_max", LieKind::async_count, 0xFFFFFFFF),
        KindAndValue("count_5000", LieKind::async_count, 5000), KindAndValue("truncated", LieKind::async_truncated, 4)),
    lie_name);

// Callback requests that the driver must refuse: none reaches the server, and QTEE is told.
class CallbackLies : public Lies, public ::testing::WithParamInterface<KindAndValue> {};

TEST_P(CallbackLies, AreRefused) {
  const auto& [name, kind, value] = GetParam();
  if (kind == LieKind::cb_map_not_memory && driver_is_mainline()) {
    GTEST_SKIP() << "mainline maps any callback object, at its number as the address";
  }
  const Callee callee(server(), [](Request&) { return 0; });
  Invocation invocation = lie(kind, value);
  invocation.in_callback(server(), callee.id());
  if (kind == LieKind::cb_io_unknown) invocation.in_callback(server(), callee.id());
  // Ours says of an object that is not there just that, mainline UNAVAIL of everything.
  const bool no_such_object = kind != LieKind::cb_primordial_op && kind != LieKind::cb_map_not_memory;
  EXPECT_THAT(run(invocation), Answers(no_such_object && !driver_is_mainline() ? -92 : -96));
  EXPECT_EQ(callee.calls(), 0u);
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

INSTANTIATE_TEST_SUITE_P(Requests, CallbackLies,
                         ::testing::Values(KindAndValue("unknown_id", LieKind::cb_unknown_id, 0),
                                           KindAndValue("released_id", LieKind::cb_released_id, 0),
                                           KindAndValue("null", LieKind::cb_null, 0),
                                           KindAndValue("tee_id", LieKind::cb_tee_id, 2),
                                           KindAndValue("io_unknown", LieKind::cb_io_unknown, 0),
                                           KindAndValue("primordial_op", LieKind::cb_primordial_op, 99),
                                           KindAndValue("map_not_memory", LieKind::cb_map_not_memory, 0)),
                         lie_name);

TEST_F(Lies, TransportBitsOfTheOperationAreIgnored) {
  std::uint32_t op = 0;
  const Callee callee(server(), [&](Request& request) {
    op = request.op();
    return 0;
  });
  EXPECT_OK(run(lie(LieKind::cb_op_bits, 0xABCD, 5).in_callback(server(), callee.id())));
  EXPECT_EQ(op, 5u);
}

}  // namespace
}  // namespace qtee::judge
