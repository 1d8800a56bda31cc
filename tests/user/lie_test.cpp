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
};

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
    if (round == 0) std::printf("LIE %s %llx -> %s\n", GetParam().name, (unsigned long long)GetParam().value, error.message().c_str());
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

constexpr std::uint64_t kBig = 0xFFFFFFF0;

INSTANTIATE_TEST_SUITE_P(
    All, LieTest,
    ::testing::Values(
        Lie{LieKind::none, "none", 0}, Lie{LieKind::ob_size_grown, "ob_size_grown", 0},
        Lie{LieKind::ob_size_huge, "ob_size_huge", kBig}, Lie{LieKind::ob_size_huge, "ob_size_huge", 4096},
        Lie{LieKind::ob_offset_moved, "ob_offset_moved", 0}, Lie{LieKind::ob_offset_moved, "ob_offset_moved", 3},
        Lie{LieKind::ob_offset_moved, "ob_offset_moved", kBig}, Lie{LieKind::counts_changed, "counts_changed", 0xFFFF},
        Lie{LieKind::counts_changed, "counts_changed", 0}, Lie{LieKind::oo_unknown, "oo_unknown", 0},
        Lie{LieKind::oo_released, "oo_released", 0}, Lie{LieKind::oo_twice, "oo_twice", 0},
        Lie{LieKind::oo_reserved, "oo_reserved", 1}, Lie{LieKind::oo_reserved, "oo_reserved", 0x80000000},
        Lie{LieKind::response_type, "response_type", 1}, Lie{LieKind::response_type, "response_type", 2},
        Lie{LieKind::response_type, "response_type", 77}, Lie{LieKind::async_version, "async_version", 0x00020000},
        Lie{LieKind::async_version, "async_version", 0xFFFFFFFF}, Lie{LieKind::async_op, "async_op", 5},
        Lie{LieKind::async_count, "async_count", 0xFFFFFFFF}, Lie{LieKind::async_count, "async_count", 0x40000001},
        Lie{LieKind::async_unknown_id, "async_unknown_id", 0}, Lie{LieKind::async_twice, "async_twice", 0},
        Lie{LieKind::async_primordial, "async_primordial", 0}, Lie{LieKind::async_tee_id, "async_tee_id", 5},
        Lie{LieKind::async_unpacked, "async_unpacked", 16}, Lie{LieKind::async_full, "async_full", 0},
        Lie{LieKind::async_truncated, "async_truncated", 0}, Lie{LieKind::cb_unknown_id, "cb_unknown_id", 0},
        Lie{LieKind::cb_released_id, "cb_released_id", 0}, Lie{LieKind::cb_null, "cb_null", 0},
        Lie{LieKind::cb_tee_id, "cb_tee_id", 1}, Lie{LieKind::cb_ib_offset, "cb_ib_offset", kBig},
        Lie{LieKind::cb_ib_offset, "cb_ib_offset", 0}, Lie{LieKind::cb_ib_size, "cb_ib_size", kBig},
        Lie{LieKind::cb_ob_offset, "cb_ob_offset", kBig}, Lie{LieKind::cb_ob_offset, "cb_ob_offset", 4095},
        Lie{LieKind::cb_ob_size, "cb_ob_size", kBig}, Lie{LieKind::cb_counts, "cb_counts", 0xFFFF},
        Lie{LieKind::cb_counts, "cb_counts", 0xFFFFFFFF}, Lie{LieKind::cb_op_bits, "cb_op_bits", 0x8000},
        Lie{LieKind::cb_io_unknown, "cb_io_unknown", 0}, Lie{LieKind::cb_unpacked, "cb_unpacked", 8},
        Lie{LieKind::cb_overlap, "cb_overlap", 0}, Lie{LieKind::cb_primordial_op, "cb_primordial_op", 77},
        Lie{LieKind::cb_primordial_op, "cb_primordial_op", 2},
        Lie{LieKind::cb_map_not_memory, "cb_map_not_memory", 0},
        Lie{LieKind::cb_async_behind, "cb_async_behind", 0}),
    [](const auto& info) { return std::string(info.param.name) + "_" + std::to_string(info.index); });

}  // namespace
}  // namespace qtee::test
