// SPDX-License-Identifier: BSD-3-Clause
//
// The driver on a node of the device tree: it was loaded by vsoc/run, with --dt-node.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "kernel.hpp"
#include "qtee/qtee.hpp"
#include "vsoc_service.hpp"

namespace qtee::test {
namespace {

namespace fs = std::filesystem;

const fs::path kNodeDevice = kPlatform / "devices/firmware:qtee";

TEST(NodeTest, IsTheDeviceOfTheDriver) {
  ASSERT_EQ(driver_of(kNodeDevice), "qtee");
  // A list of strings, each with its zero.
  EXPECT_EQ(file_read(kNodeDevice / "of_node/compatible"), std::string("qcom,qtee\0", 10));
  for (const char* name : {"qtee", "qtee-ree"})
    EXPECT_EQ(fs::canonical(fs::path("/sys/class/misc") / name / "device"), fs::canonical(kNodeDevice)) << name;
}

TEST(NodeTest, HasItsProperties) {
  // Of the machine: vsoc/run --dt-property qtee-test,number=4660.
  EXPECT_EQ(file_read(kNodeDevice / "of_node/qtee-test,number"), std::string("\0\0\x12\x34", 4));
}

TEST(NodeTest, HasAllOfSysfs) {
  const auto invocations = [] { return std::stoull(file_read(kNodeDevice / "statistics/invocations")); };
  const auto before = invocations();
  vsoc::Service::open(Root::open()).null();
  EXPECT_GT(invocations(), before);
  std::size_t counters = 0;
  for (const auto& entry : fs::directory_iterator(kNodeDevice / "statistics")) {
    EXPECT_NO_THROW(std::stoull(file_read(entry.path()))) << entry.path();
    ++counters;
  }
  EXPECT_GE(counters, 15u);

  EXPECT_NE(file_read(kNodeDevice / "objects/transport"), "");
  EXPECT_NO_THROW(std::stoull(file_read(kNodeDevice / "objects/releases_pending")));
  EXPECT_NO_THROW(file_read(kNodeDevice / "objects/primordial"));
  EXPECT_EQ(file_write(kNodeDevice / "objects/flush", "1\n"), 0);
}

std::vector<std::string> tee_devices() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator("/dev"))
    if (entry.path().filename().string().starts_with("tee") && !entry.path().filename().string().starts_with("teepriv"))
      names.push_back(entry.path().filename());
  return names;
}

TEST(NodeTest, KeepsOtherDriversFromQtee) {
  // Where qcom_scm makes none, before 6.18, our driver makes none beside the node.
  if (!fs::exists(kScmDevice)) return;
  // One QTEE, so the other device is held, and has nothing to tell.
  EXPECT_EQ(driver_of(kScmDevice), "qtee");
  EXPECT_FALSE(fs::exists(kScmDevice / "objects"));
  EXPECT_FALSE(fs::exists(kScmDevice / "statistics"));
  // Ours is the only TEE device.
  EXPECT_EQ(tee_devices(), std::vector<std::string>{"tee0"});
  ASSERT_TRUE(modprobe("qcomtee"));
  EXPECT_EQ(driver_of(kScmDevice), "qtee");
  EXPECT_EQ(tee_devices(), std::vector<std::string>{"tee0"});
  EXPECT_EQ(module_unload("qcomtee"), 0);
  vsoc::Service::open(Root::open()).null();
}

}  // namespace
}  // namespace qtee::test
