// SPDX-License-Identifier: BSD-3-Clause
//
// The device that qcom_scm makes, for which there are two drivers. No driver was loaded.
#include <gtest/gtest.h>

#include <cerrno>

#include "kernel.hpp"

namespace qtee::test {
namespace {

namespace fs = std::filesystem;

constexpr char kName[] = "qcomtee";  // of the device, of mainline's driver and of its module
const fs::path kMainline = kPlatform / "drivers/qcomtee";

// How often the kernel's log has the text.
std::size_t told(const std::string& text) {
  const std::string log = kernel_log();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = log.find(text, at)) != log.npos; at += text.size()) ++count;
  return count;
}

class OverrideTest : public ::testing::Test {
 protected:
  void TearDown() override {
    module_unload("qtee");
    if (driver_of(kScmDevice) == kName) file_write(kMainline / "unbind", kName);
    file_write(kScmDevice / "driver_override", "\n");
    module_unload(kName);
  }
};

TEST_F(OverrideTest, ADeviceThatMainlineHasIsTakenOverByHand) {
  ASSERT_TRUE(modprobe(kName));
  ASSERT_EQ(driver_of(kScmDevice), kName);

  EXPECT_EQ(module_load("qtee"), EBUSY);
  EXPECT_EQ(told("qtee: the driver qcomtee has the device qcomtee: unbind it first"), 1u) << kernel_log();
  EXPECT_EQ(driver_of(kScmDevice), kName);
  EXPECT_FALSE(fs::exists(kPlatform / "drivers/qtee"));
  EXPECT_TRUE(fs::exists("/dev/tee0"));

  ASSERT_EQ(file_write(kMainline / "unbind", kName), 0);
  ASSERT_EQ(file_write(kScmDevice / "driver_override", "qtee"), 0);
  ASSERT_EQ(module_load("qtee"), 0) << kernel_log();
  EXPECT_EQ(driver_of(kScmDevice), "qtee");
  EXPECT_FALSE(fs::exists("/dev/tee0"));
  EXPECT_NE(file_write(kMainline / "bind", kName), 0);
  EXPECT_EQ(driver_of(kScmDevice), "qtee");

  // And back.
  EXPECT_EQ(module_unload("qtee"), 0);
  EXPECT_EQ(file_write(kScmDevice / "driver_override", "\n"), 0);
  EXPECT_EQ(file_write(kMainline / "bind", kName), 0);
  EXPECT_EQ(driver_of(kScmDevice), kName);
  EXPECT_TRUE(fs::exists("/dev/tee0"));
}

TEST_F(OverrideTest, ADeviceThatIsOursByOverrideIsNotMainlines) {
  ASSERT_EQ(file_write(kScmDevice / "driver_override", "qtee"), 0);
  ASSERT_TRUE(modprobe(kName));
  EXPECT_EQ(driver_of(kScmDevice), "");
  ASSERT_EQ(module_load("qtee"), 0) << kernel_log();
  EXPECT_EQ(driver_of(kScmDevice), "qtee");
}

TEST_F(OverrideTest, ADeviceThatIsMainlinesByOverrideIsNotOurs) {
  ASSERT_EQ(file_write(kScmDevice / "driver_override", kName), 0);
  const int error = module_load("qtee");
  EXPECT_TRUE(error == ENODEV || error == EBUSY) << error;
  EXPECT_EQ(told("for another driver"), 1u) << kernel_log();
  EXPECT_FALSE(fs::exists(kPlatform / "drivers/qtee"));
  ASSERT_TRUE(modprobe(kName));
  EXPECT_EQ(driver_of(kScmDevice), kName);
}

}  // namespace
}  // namespace qtee::test
