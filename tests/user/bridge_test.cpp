// SPDX-License-Identifier: BSD-3-Clause
//
// SHM bridges that the driver makes for its message buffers: with the module parameter shmbridge=own only.
#include "alive.hpp"
#include "file.hpp"
#include "parameter.hpp"
#include "quiet.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

class BridgeTest : public UserTest {
 protected:
  void SetUp() override {
    if (file_read(parameter_path("shmbridge")) != "own" || driver_number("statistics/bridges") == 0)
      GTEST_SKIP() << "message buffers have no bridges of ours";
  }
  void TearDown() override {
    for (const ArmKind kind : {ArmKind::bridge_busy, ArmKind::bridge_fail}) service_.arm(kind, 0);
  }

  static std::uint64_t bytes() { return driver_number("pools/bytes"); }

  /// Bridges are made and deleted in the background, too.
  ::testing::AssertionResult both_count_the_same() {
    std::uint64_t driver = 0, qtee = 1;
    const bool same = soon([&] {
      driver = driver_number("statistics/bridges");
      qtee = service_.report().bridges;
      return driver == qtee;
    });
    if (same) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the driver has " << driver << ", QTEE " << qtee;
  }

  /// Some call that a pair's own buffer does not hold: 0 or errno.
  int invoke_large() {
    const std::vector<std::byte> input(std::size_t{1} << 20);
    return RawInvoke(static_cast<std::uint32_t>(Op::mirror), {param_in(input.data(), input.size())})
        .invoke(service_.object().fd());
  }
};

TEST_F(BridgeTest, EveryBridgeIsCounted) {
  const Parameter trim("trim_ms", 3'600'000);
  ASSERT_EQ(invoke_large(), 0);
  EXPECT_TRUE(both_count_the_same());
  const MemoryObject memory = MemoryObject::from_huge_page(8192);
  const Object mapped = service_.object().call<Object>(Op::map, vsoc::RangeRequest{0, 8192}, memory);
  EXPECT_TRUE(both_count_the_same());
}

// qcom_scm asks 22 times, and then it is our turn.
TEST_F(BridgeTest, ADeletionThatIsRefusedIsAskedForAgainAndTheMemoryWaits) {
  const Parameter trim("trim_ms", 3'600'000);
  ASSERT_EQ(invoke_large(), 0);
  ASSERT_EQ(driver_number("pools/2048k/count"), 1u);
  const auto bytes_before = bytes();
  const auto retries = driver_number("statistics/bridge_retries");
  ASSERT_TRUE(quiet(service_));
  const auto deletes = service_.counters().bridge_deletes;
  service_.arm(ArmKind::bridge_busy, 60);
  ASSERT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
  bool waited = false;
  EXPECT_TRUE(soon([&] {
    waited |= driver_number("statistics/bridge_retries") > retries && driver_number("pools/2048k/count") == 0;
    return bytes() <= bytes_before - (2u << 20);
  }));
  EXPECT_TRUE(waited) << "the memory was there while its bridge was";
  EXPECT_GT(driver_number("statistics/bridge_retries"), retries);
  EXPECT_GT(service_.counters().bridge_deletes, deletes);
  EXPECT_TRUE(both_count_the_same());
}

TEST_F(BridgeTest, ABufferThatIsNotBridgedIsNotUsed) {
  const Parameter trim("trim_ms", 50);
  ASSERT_TRUE(soon([] { return driver_number("pools/2048k/count") == 0; }));
  // What is made in the background would take the failures.
  const Still still(service_);
  const auto failures = driver_number("statistics/bridge_failures");
  service_.arm(ArmKind::bridge_fail, 2);
  EXPECT_EQ(invoke_large(), ENOMEM);
  EXPECT_EQ(driver_number("statistics/bridge_failures"), failures + 2) << "it is tried twice";
  EXPECT_EQ(invoke_large(), 0);
}

TEST_F(BridgeTest, MemoryThatIsNotBridgedIsNotPassed) {
  const MemoryObject memory = MemoryObject::from_huge_page(8192);
  const Still still(service_);
  // It is tried again, as another memory object's bridge may have been in the way.
  service_.arm(ArmKind::bridge_fail, 2);
  EXPECT_EQ(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, memory).error(),
            std::errc::io_error);
  EXPECT_TRUE(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, memory));
}

}  // namespace
}  // namespace qtee::test
