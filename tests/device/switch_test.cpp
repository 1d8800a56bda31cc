// SPDX-License-Identifier: BSD-3-Clause
//
// packaging/qtee-switch: QTEE goes from mainline's driver to ours and back, unless somebody uses the one that has it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "kernel.hpp"
#include "tool.hpp"

namespace qtee::test {
namespace {

class SwitchTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const char* module : {"qtee_tee", "qtee_user", "qtee_mem", "qtee"}) {
      if (module_loaded(module)) {
        EXPECT_EQ(module_unload(module), 0) << module;
      }
    }
    if (driver_of(kScmDevice) == "qcomtee") file_write(kPlatform / "drivers/qcomtee/unbind", "qcomtee");
    file_write(kScmDevice / "driver_override", "\n");
    module_unload("qcomtee");
  }

  // Runs it. Returns its exit status, and keeps what it said.
  int run(const std::string& to,
          const std::string& folder = std::string("/qtee/modules/") + std::getenv("QTEE_KERNEL")) {
    const std::string command = "qtee-switch " + to + ' ' + folder + " 2>&1";
    said_.clear();
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return -1;
    std::array<char, 256> line = {};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) said_ += line.data();
    return ::pclose(pipe);
  }
  std::string driver() { return driver_of(kScmDevice); }

  std::string said_;
};

TEST_F(SwitchTest, ThereAndBack) {
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(run("mainline"), 0) << said_;
    EXPECT_EQ(driver(), "qcomtee");
    EXPECT_EQ(::access("/dev/tee0", F_OK), 0);
    EXPECT_NE(::access("/dev/qtee", F_OK), 0);
    EXPECT_EQ(run("mainline"), 0) << "it is there already: " << said_;
    ASSERT_EQ(run("qtee"), 0) << said_;
    EXPECT_EQ(driver(), "qtee");
    for (const char* path : {"/dev/tee0", "/dev/qtee", "/dev/qtee-ree"}) EXPECT_EQ(::access(path, F_OK), 0) << path;
    EXPECT_EQ(run("qtee"), 0) << "it is there already: " << said_;
  }
}

TEST_F(SwitchTest, OpenClientsAreInTheWay) {
  ASSERT_EQ(run("mainline"), 0) << said_;
  for (const auto& [here, there, path] : {std::tuple{"qcomtee", "qtee", "/dev/tee0"},
                                          {"qtee", "mainline", "/dev/tee0"},
                                          {"qtee", "mainline", "/dev/qtee-ree"}}) {
    if (driver() != here) {
      ASSERT_EQ(run(here), 0) << said_;
    }
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    ASSERT_GE(fd, 0) << path;
    EXPECT_NE(run(there), 0);
    EXPECT_NE(said_.find("clients of the driver " + std::string(here)), said_.npos) << said_;
    EXPECT_NE(said_.find(std::to_string(::getpid()) + " (test_device)"), said_.npos) << said_;
    EXPECT_EQ(driver(), here);
    EXPECT_EQ(::access(path, F_OK), 0);
    ::close(fd);
  }
  EXPECT_EQ(run("mainline"), 0) << said_;
  EXPECT_EQ(driver(), "qcomtee");
}

TEST_F(SwitchTest, ToolsThatLookAtItAreInTheWay) {
  if (::access("/sys/kernel/btf/vmlinux", F_OK) != 0) GTEST_SKIP() << "this kernel has no BPF";
  ASSERT_EQ(run("qtee"), 0) << said_;
  // One attaches by BTF, of which the kernel tells the event, and the other by a perf event, of which it does not.
  for (const char* name : {"qtee-lat", "qtee-trace"}) {
    Tool tool({name});
    EXPECT_NE(run("mainline"), 0) << name;
    EXPECT_NE(said_.find(std::to_string(tool.pid()) + " (" + name + "); end them first"), said_.npos) << said_;
    EXPECT_EQ(driver(), "qtee") << name;
    for (const char* path : {"/dev/tee0", "/dev/qtee", "/dev/qtee-ree"}) EXPECT_EQ(::access(path, F_OK), 0) << path;
    EXPECT_EQ(tool.stop().status, 0) << name;
  }
  EXPECT_EQ(run("mainline"), 0) << said_;
  EXPECT_EQ(driver(), "qcomtee");
}

TEST_F(SwitchTest, ModulesThatCanNotBeLoadedLeaveItAsItWas) {
  ASSERT_EQ(run("mainline"), 0) << said_;
  std::ofstream("/tmp/qtee.ko") << "no module";
  EXPECT_NE(run("qtee", "/tmp"), 0);
  EXPECT_NE(said_.find("qtee can't be loaded"), said_.npos) << said_;
  EXPECT_EQ(driver(), "qcomtee");
  EXPECT_EQ(::access("/dev/tee0", F_OK), 0);
  EXPECT_EQ(run("mainline"), 0) << said_;
}

TEST_F(SwitchTest, SaysWhatItWants) {
  EXPECT_NE(run("nowhere"), 0);
  EXPECT_NE(said_.find("usage"), said_.npos) << said_;
}

}  // namespace
}  // namespace qtee::test
