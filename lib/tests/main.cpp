// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "leak_listener.hpp"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // Before the default printer, which then counts what this one adds.
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  auto* printer = listeners.Release(listeners.default_result_printer());
  listeners.Append(new qtee::test::LeakListener);
  listeners.Append(printer);
  return RUN_ALL_TESTS();
}
