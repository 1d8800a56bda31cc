// SPDX-License-Identifier: BSD-3-Clause
//
// What the tests of the core start from: a machine, a Linux on it, and the private service opened.
#pragma once

#include <gtest/gtest.h>

#include "fake_linux.hpp"
#include "qtee/report.hpp"

namespace qtee::fw::test {

class Core : public testing::Test {
 protected:
  void SetUp() override {
    service = linux_.open_service();
    ASSERT_NE(service, 0u);
    baseline = linux_.report(service);
  }

  // Everything that the test made is gone again, on both sides, and nobody broke the protocol.
  void expect_clean(std::uint64_t faults = 0) {
    linux_.invoke(service, vsoc::Op::drop, {.ins = {bytes_of(0xFFFFFFFFu)}});
    settle();
    const vsoc::Report now = linux_.report(service);
    EXPECT_EQ(now.tee_objects, baseline.tee_objects);
    EXPECT_EQ(now.tee_references, linux_.references());
    EXPECT_EQ(now.tee_references, baseline.tee_references);
    EXPECT_EQ(now.ns_ids, 0u);
    EXPECT_EQ(now.ns_releases_queued, 0u);
    EXPECT_EQ(now.mappings, 0u);
    EXPECT_EQ(now.calls_in_flight, 0u);
    EXPECT_EQ(now.faults, faults);
    EXPECT_EQ(now.heap_used, baseline.heap_used);
    EXPECT_TRUE(report_audit());
    EXPECT_EQ(linux_.alive(), std::vector<Id>{});
    EXPECT_EQ(linux_.take_breaches(), std::vector<std::string>{});
  }

  // Lets releases that wait come: of ids that were handed back too.
  void settle() {
    machine.skipped_ns += 1'000'000'000;
    for (int turn = 0; turn < 3; ++turn) linux_.invoke(service, vsoc::Op::null);
  }

  Answer op(vsoc::Op op, const Arguments& arguments = {}) { return linux_.invoke(service, op, arguments); }
  Answer lie(vsoc::LieKind kind, std::uint64_t value, Arguments arguments = {}, std::uint32_t callback_op = 7) {
    const vsoc::LieRequest request{static_cast<std::uint32_t>(kind), callback_op, value};
    arguments.ins.insert(arguments.ins.begin(), bytes_of(request));
    return op(vsoc::Op::lie, arguments);
  }
  void arm(vsoc::ArmKind kind, std::uint32_t count, std::uint64_t skip = 0) {
    EXPECT_TRUE(
        op(vsoc::Op::arm, {.ins = {bytes_of(vsoc::ArmRequest{static_cast<std::uint32_t>(kind), count, skip})}}).ok());
  }
  void configure(vsoc::ConfigureKey key, std::uint64_t value) {
    EXPECT_TRUE(
        op(vsoc::Op::configure, {.ins = {bytes_of(vsoc::ConfigureRequest{static_cast<std::uint32_t>(key), 0, value})}})
            .ok());
  }

  FakeMachine machine;
  FakeLinux linux_{machine};
  Id service = 0;
  vsoc::Report baseline{};
};

}  // namespace qtee::fw::test
