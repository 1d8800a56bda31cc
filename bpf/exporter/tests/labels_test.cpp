// SPDX-License-Identifier: BSD-3-Clause
#include "labels.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace qtee::bpf {
namespace {

class LabelsTest : public ::testing::Test {
 protected:
  /// A class behind those that are there; its index.
  std::uint32_t add(metrics_origin origin, std::uint32_t number = 0, std::uint32_t parent = 0) {
    classes_.push_back({parent, number, static_cast<std::uint32_t>(origin), 0});
    return static_cast<std::uint32_t>(classes_.size() - 1);
  }
  std::string label(std::uint32_t index) const { return class_label(classes_, index); }

  std::vector<metrics_class> classes_{METRICS_FIXED};
};

TEST_F(LabelsTest, ClassesThatAreAlwaysThere) {
  EXPECT_EQ(label(METRICS_OTHER), "other");
  EXPECT_EQ(label(METRICS_UNKNOWN), "unknown");
  EXPECT_EQ(label(METRICS_ROOT), "root");
  EXPECT_EQ(label(METRICS_LINUX), "linux");
}

TEST_F(LabelsTest, AClassSaysWhereItsObjectsCameFrom) {
  EXPECT_EQ(label(add(METRICS_ORIGIN_ENVIRONMENT)), "client-env");
  const std::uint32_t loader = add(METRICS_ORIGIN_SERVICE, 3);
  EXPECT_EQ(label(loader), "AppLoader");
  EXPECT_EQ(label(add(METRICS_ORIGIN_SERVICE, 0x7e57c0de)), "uid-0x7e57c0de");
  EXPECT_EQ(label(add(METRICS_ORIGIN_SERVICE, METRICS_UID_UNKNOWN)), "service");
  const std::uint32_t controller = add(METRICS_ORIGIN_CHILD, 0, loader);
  EXPECT_EQ(label(controller), "AppLoader/0");
  EXPECT_EQ(label(add(METRICS_ORIGIN_CHILD, 2, controller)), "AppLoader/0/2");
}

TEST_F(LabelsTest, WhatIsNoClassIsOther) {
  EXPECT_EQ(label(static_cast<std::uint32_t>(classes_.size())), "other");
  // Its own parent: nothing goes round in circles.
  EXPECT_EQ(label(add(METRICS_ORIGIN_CHILD, 1, METRICS_FIXED)), "other");
}

TEST_F(LabelsTest, OperationsAndCodes) {
  EXPECT_EQ(operation_label(METRICS_ROOT, 0), "open");
  EXPECT_EQ(operation_label(METRICS_FIXED, 0), "0");
  EXPECT_EQ(operation_label(METRICS_FIXED, 0xffff), "RELEASE");
  EXPECT_EQ(code_label({0, 0, -100, 0}), "AUTH");
  EXPECT_EQ(code_label({0, 0, 12, 0}), "12");
  EXPECT_EQ(code_label({0, 0, -11, 1}), "EAGAIN");
}

}  // namespace
}  // namespace qtee::bpf
