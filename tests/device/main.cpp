// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const int status = RUN_ALL_TESTS();
  // A filter that matches nothing is a test that tests nothing.
  return ::testing::UnitTest::GetInstance()->test_to_run_count() > 0 ? status : 1;
}
