// SPDX-License-Identifier: BSD-3-Clause
//
// Firmware that misbehaves. Whatever it says, the caller gets a clear error or a sound answer, the driver lives, and
// nothing is lost.
#include <array>

#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::LieKind;
using vsoc::Op;

struct Lie {
  LieKind kind;
  const char* name;
  std::uint64_t value;
  std::error_code expected;
};

// What the caller is told: nothing, where the driver can make sense of the answer without what was wrong in it; that
// the answer can't be used; or what the driver answered to the callback, which ended the operation.
const std::error_code kSound;
const std::error_code kUnusable = std::make_error_code(std::errc::no_such_device);
const std::error_code kBadObject = make_error_code(Result::bad_object);
const std::error_code kUnavailable = make_error_code(Result::unavailable);

std::ostream& operator<<(std::ostream& out, const Lie& lie) { return out << lie.name << " " << lie.value; }

class LieTest : public UserTest, public ::testing::WithParamInterface<Lie> {
 protected:
  vsoc::LieRequest request(std::uint32_t op = 0) {
    return {static_cast<std::uint32_t>(GetParam().kind), op, GetParam().value};
  }
};

TEST_P(LieTest, EndsWellAndLosesNothing) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest& call) {
    for (std::size_t i = 0; i < call.output_count() && i < call.input_count(); ++i) {
      if (call.input(i).size() <= call.output_capacity(i)) call.set_output(i, call.input(i));
    }
    return Result::ok;
  });
  const Object tee = service_.create();

  for (int round = 0; round < 2; ++round) {
    std::array<std::byte, 96> memory;
    memory.fill(std::byte{0xEE});
    const std::span<std::byte> offered = std::span(memory).first(64);
    const auto in = bytes_of(64);
    Invocation invocation(Op::lie);
    const vsoc::LieRequest lie = request();
    invocation.input(std::as_bytes(std::span(&lie, 1))).input(in).input(own).input(tee);
    invocation.output(offered).output_object().output_object();
    const std::error_code error = invocation.invoke(service_.object());
    EXPECT_EQ(error, GetParam().expected) << error.message();
    for (std::size_t i = 64; i < memory.size(); ++i) ASSERT_EQ(memory[i], std::byte{0xEE}) << "wrote too far";
    if (!error) {
      EXPECT_LE(invocation.written(0).size(), 64u);
    }
    // The driver is as good as before.
    EXPECT_EQ(service_.object().call<std::uint32_t>(Op::echo, 5u), 5u);
    EXPECT_EQ(service_.object().call<std::uint32_t>(Op::callback, vsoc::CallbackRequest{0, 1}, 7u, own), 7u);
  }
  EXPECT_FALSE(server.failure()) << server.failure().message();
  for (int i = 0; i < 50 && server.references() != 0; ++i) {
    service_.null();
    std::this_thread::sleep_for(2ms);
  }
}

// Invocations of nothing but buffers have a way of their own.
TEST_F(UserTest, LiesAboutOutputsOfPlainInvocationsAreFound) {
  for (const auto kind : {LieKind::ob_size_grown, LieKind::ob_size_huge, LieKind::ob_offset_moved})
    for (const std::uint64_t value : {0u, 3u, 4096u, 0xFFFFFFF0u}) {
      if (kind == LieKind::ob_size_huge && value < 64) continue;
      const vsoc::LieRequest lie{static_cast<std::uint32_t>(kind), 0, value};
      std::array<std::byte, 96> memory;
      memory.fill(std::byte{0xEE});
      const auto in = bytes_of(64);
      Invocation invocation(Op::lie);
      invocation.input(std::as_bytes(std::span(&lie, 1))).input(in).output(std::span(memory).first(64));
      EXPECT_EQ(invocation.invoke(service_.object()), kUnusable) << static_cast<std::uint32_t>(kind) << " " << value;
      for (std::size_t i = 64; i < memory.size(); ++i) ASSERT_EQ(memory[i], std::byte{0xEE}) << "wrote too far";
    }
}

constexpr std::uint64_t kBig = 0xFFFFFFF0;

INSTANTIATE_TEST_SUITE_P(
    All, LieTest,
    ::testing::Values(
        Lie{LieKind::none, "none", 0, kSound}, Lie{LieKind::ob_size_grown, "ob_size_grown", 0, kUnusable},
        Lie{LieKind::ob_size_huge, "ob_size_huge", kBig, kUnusable},
        Lie{LieKind::ob_size_huge, "ob_size_huge", 4096, kUnusable},
        Lie{LieKind::ob_offset_moved, "ob_offset_moved", 0, kUnusable},
        Lie{LieKind::ob_offset_moved, "ob_offset_moved", 3, kUnusable},
        Lie{LieKind::ob_offset_moved, "ob_offset_moved", kBig, kUnusable},
        Lie{LieKind::counts_changed, "counts_changed", 0xFFFF, kSound},
        Lie{LieKind::counts_changed, "counts_changed", 0, kSound}, Lie{LieKind::oo_unknown, "oo_unknown", 0, kUnusable},
        Lie{LieKind::oo_released, "oo_released", 0, kSound}, Lie{LieKind::oo_twice, "oo_twice", 0, kSound},
        Lie{LieKind::oo_reserved, "oo_reserved", 1, kUnusable},
        Lie{LieKind::oo_reserved, "oo_reserved", 0x80000000, kUnusable},
        Lie{LieKind::response_type, "response_type", 1, kSound},
        Lie{LieKind::response_type, "response_type", 2, kSound},
        Lie{LieKind::response_type, "response_type", 77, kSound},
        Lie{LieKind::async_version, "async_version", 0x00020000, kSound},
        Lie{LieKind::async_version, "async_version", 0xFFFFFFFF, kSound}, Lie{LieKind::async_op, "async_op", 5, kSound},
        Lie{LieKind::async_count, "async_count", 0xFFFFFFFF, kSound},
        Lie{LieKind::async_count, "async_count", 0x40000001, kSound},
        Lie{LieKind::async_unknown_id, "async_unknown_id", 0, kSound},
        Lie{LieKind::async_twice, "async_twice", 0, kSound},
        Lie{LieKind::async_primordial, "async_primordial", 0, kSound},
        Lie{LieKind::async_tee_id, "async_tee_id", 5, kSound},
        Lie{LieKind::async_unpacked, "async_unpacked", 16, kSound}, Lie{LieKind::async_full, "async_full", 0, kSound},
        Lie{LieKind::async_truncated, "async_truncated", 0, kSound},
        Lie{LieKind::cb_unknown_id, "cb_unknown_id", 0, kBadObject},
        Lie{LieKind::cb_released_id, "cb_released_id", 0, kBadObject}, Lie{LieKind::cb_null, "cb_null", 0, kBadObject},
        Lie{LieKind::cb_tee_id, "cb_tee_id", 1, kBadObject},
        Lie{LieKind::cb_ib_offset, "cb_ib_offset", kBig, kUnavailable},
        Lie{LieKind::cb_ib_offset, "cb_ib_offset", 0, kUnavailable},
        Lie{LieKind::cb_ib_size, "cb_ib_size", kBig, kUnavailable},
        Lie{LieKind::cb_ob_offset, "cb_ob_offset", kBig, kUnavailable},
        Lie{LieKind::cb_ob_offset, "cb_ob_offset", 4095, kUnavailable},
        Lie{LieKind::cb_ob_size, "cb_ob_size", kBig, kUnavailable},
        Lie{LieKind::cb_counts, "cb_counts", 0xFFFF, kUnavailable},
        Lie{LieKind::cb_counts, "cb_counts", 0xFFFFFFFF, kUnavailable},
        Lie{LieKind::cb_op_bits, "cb_op_bits", 0x8000, kSound},
        Lie{LieKind::cb_io_unknown, "cb_io_unknown", 0, kBadObject},
        Lie{LieKind::cb_unpacked, "cb_unpacked", 8, kSound}, Lie{LieKind::cb_overlap, "cb_overlap", 0, kUnavailable},
        Lie{LieKind::cb_primordial_op, "cb_primordial_op", 77, kUnavailable},
        Lie{LieKind::cb_primordial_op, "cb_primordial_op", 2, kUnavailable},
        Lie{LieKind::cb_map_not_memory, "cb_map_not_memory", 0, kUnavailable},
        Lie{LieKind::cb_async_behind, "cb_async_behind", 0, kSound}),
    [](const auto& info) { return std::string(info.param.name) + "_" + std::to_string(info.index); });

}  // namespace
}  // namespace qtee::test
