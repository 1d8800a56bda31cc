// SPDX-License-Identifier: BSD-3-Clause
//
// Mapping information that goes with the invocation, so that QTEE need not ask where memory is.
#include <fcntl.h>

#include <cerrno>

#include "memory_driver.hpp"
#include "parameter.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

constexpr int kPasses = 50;

class MemoryAheadTest : public UserTest {
 protected:
  void SetUp() override { learn(); }

  // QTEE releases a callback object, and so tells the driver the version that it speaks.
  void learn() {
    service_.object().call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, memory_);
    service_.report_until([](const vsoc::Report& report) { return report.ns_releases_queued == 0; });
  }

  // What QTEE counted while `passes` calls passed the memory.
  struct Change {
    std::uint64_t callbacks, map_regions, ahead;
  };
  Change change(int passes) {
    const auto before = service_.counters();
    for (int i = 0; i < passes; ++i) {
      service_.fill(memory_, {0, 64, static_cast<std::uint64_t>(i)});
      EXPECT_EQ(memory_.map().access(CpuAccess::Mode::read).bytes()[9],
                std::byte{vsoc::pattern(static_cast<std::uint64_t>(i), 9)});
    }
    const auto after = service_.counters();
    return {after.callbacks - before.callbacks, after.map_regions - before.map_regions,
            after.maps_ahead - before.maps_ahead};
  }

  MemoryObject memory_ = MemoryObject::allocate(4096);
};

TEST_F(MemoryAheadTest, APassCostsNoCallback) {
  const auto before = service_.counters();
  const Change counted = change(kPasses);
  const auto after = service_.counters();
  EXPECT_EQ(counted.ahead, static_cast<std::uint64_t>(kPasses));
  EXPECT_EQ(counted.map_regions, 0u);
  EXPECT_EQ(counted.callbacks, 0u);
  EXPECT_EQ(after.smc_callback_response, before.smc_callback_response);
}

TEST_F(MemoryAheadTest, OfOtherExportersToo) {
  memory_ = MemoryObject::from_huge_page(4096);
  const Change counted = change(kPasses);
  EXPECT_EQ(counted.ahead, static_cast<std::uint64_t>(kPasses));
  EXPECT_EQ(counted.callbacks, 0u);
}

TEST_F(MemoryAheadTest, CanBeTurnedOff) {
  const Parameter off("mapping_ahead", 0, "qtee");
  const Change counted = change(kPasses);
  EXPECT_EQ(counted.ahead, 0u);
  EXPECT_EQ(counted.map_regions, static_cast<std::uint64_t>(kPasses));
}

TEST_F(MemoryAheadTest, AnOlderQteeIsLeftToAsk) {
  for (const std::uint64_t version : {0x00010000u, 0x00010001u}) {
    service_.configure(vsoc::ConfigureKey::async_version, version);
    learn();
    const Change counted = change(kPasses);
    EXPECT_EQ(counted.ahead, 0u) << version;
    EXPECT_EQ(counted.map_regions, static_cast<std::uint64_t>(kPasses)) << version;
  }
  service_.configure(vsoc::ConfigureKey::async_version, 0x00010002);
  learn();
  EXPECT_EQ(change(kPasses).ahead, static_cast<std::uint64_t>(kPasses));
}

TEST_F(MemoryAheadTest, FifteenInOneCallWithOtherObjectsBetween) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  Invocation invocation(Op::mirror);
  for (int i = 0; i < 15; ++i) {
    if (i % 3 == 2)
      invocation.input(own);
    else
      invocation.input(memory_);
    invocation.output_object();
  }
  ASSERT_FALSE(invocation.invoke(service_.object()));
  for (int i = 0; i < 15; ++i)
    if (i % 3 != 2) {
      EXPECT_TRUE(std::holds_alternative<MemoryObject>(invocation.take_object(i)));
    }
  EXPECT_TRUE(all_released(server));
}

TEST_F(MemoryAheadTest, AMessageThatIsNotSentLeavesNothing) {
  const vsoc::FillRequest request{0, 8, 1};
  for (int i = 0; i < 20; ++i) {
    RawInvoke invocation(static_cast<std::uint32_t>(Op::fill),
                         {param_object(memory_.fd(), QCOM_TEE_MEMORY_OBJECT), param_in(nullptr, sizeof request)});
    EXPECT_EQ(invocation.invoke(service_.object().fd()), EFAULT);
  }
  const MemoryObject other = MemoryObject::allocate(4096);
  EXPECT_EQ(memory_stat("exported"), 2);
  memory_ = MemoryObject();
  // Were one of the 20 still held, so would be its memory.
  EXPECT_EQ(memory_stat_until("exported", 1), 1);
}

TEST_F(MemoryAheadTest, MappedTwiceInOneCallAndAgainLater) {
  const Object first = service_.object().call<Object>(Op::map, vsoc::RangeRequest{0, 4096}, memory_);
  const Object second = service_.object().call<Object>(Op::map, vsoc::RangeRequest{0, 4096}, memory_);
  first.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 4096, 3});
  const auto sum = second.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 4096, 4});
  std::vector<std::uint8_t> expected(4096);
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = vsoc::pattern(3, i);
  EXPECT_EQ(sum, vsoc::checksum(expected.data(), expected.size()));
}

}  // namespace
}  // namespace qtee::test
