// SPDX-License-Identifier: BSD-3-Clause
//
// Releases of TEE objects: they cost their holder nothing, and reach QTEE when it is ready for them.
#include <string>
#include <vector>

#include "alive.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

class ReleaseTest : public UserTest {
 protected:
  void TearDown() override { service_.arm(ArmKind::busy, 0); }

  // Waits, with a deadline that is far off, until no release is pending.
  static bool all_sent() {
    for (int i = 0; i < 3000; ++i) {
      if (driver_number("objects/releases_pending") == 0) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

TEST_F(ReleaseTest, EachObjectIsReleasedOnce) {
  constexpr std::size_t kObjects = 300;
  ASSERT_TRUE(all_sent());
  const auto released = driver_number("statistics/releases"), alive = driver_number("statistics/tee_objects");
  {
    std::vector<Object> objects;
    for (std::size_t i = 0; i < kObjects; ++i) objects.push_back(service_.create());
    EXPECT_EQ(driver_number("statistics/tee_objects"), alive + kObjects);
  }
  ASSERT_TRUE(all_sent());
  EXPECT_EQ(driver_number("statistics/releases"), released + kObjects);
  EXPECT_EQ(driver_number("statistics/tee_objects"), alive);
}

TEST_F(ReleaseTest, BusyQteeIsToldLater) {
  ASSERT_TRUE(all_sent());
  const auto retries = driver_number("statistics/release_retries"),
             failures = driver_number("statistics/release_failures");
  const auto released = driver_number("statistics/releases");
  Object first = service_.create(), second = service_.create();
  // The transport gives up after some twenty tries, so this is two rounds of failure for the one that is sent first.
  service_.arm(ArmKind::busy, 50);
  first = Object();
  second = Object();
  ASSERT_TRUE(all_sent());
  EXPECT_GT(driver_number("statistics/release_retries"), retries);
  EXPECT_EQ(driver_number("statistics/release_failures"), failures);
  EXPECT_EQ(driver_number("statistics/releases"), released + 2);
}

}  // namespace
}  // namespace qtee::test
