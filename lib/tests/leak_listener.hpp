// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gtest/gtest.h>

#include "fake_driver.hpp"

namespace qtee::test {

/// Fails each test that leaves another number of descriptors open than it found.
class LeakListener final : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo&) override { before_ = fds_open(); }
  void OnTestEnd(const ::testing::TestInfo& info) override {
    const std::size_t after = fds_open();
    if (after != before_) {
      ADD_FAILURE() << info.name() << " began with " << before_ << " open descriptors and ended with " << after;
    }
  }

 private:
  std::size_t before_ = 0;
};

}  // namespace qtee::test
