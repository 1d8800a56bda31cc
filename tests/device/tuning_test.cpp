// SPDX-License-Identifier: BSD-3-Clause
//
// Tunables when the driver is loaded: what makes no sense is refused in words, and the device tree's values hold where
// the command line gives none. No driver was loaded.
#include <gtest/gtest.h>

#include <cerrno>
#include <tuple>

#include "kernel.hpp"
#include "parameter.hpp"
#include "qtee/qtee.hpp"
#include "vsoc_service.hpp"

namespace qtee::test {
namespace {

constexpr char kDriver[] = "qtee";

// Where qcom_scm makes none, the driver makes a device of this name itself.
const std::filesystem::path kPools = kScmDevice / "pools";

std::string value(const std::string& name) { return file_read(parameter_path(name)); }

class TuningTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (module_loaded(kDriver)) {
      EXPECT_EQ(module_unload(kDriver), 0);
    }
  }

  /// It is not loaded, and says why.
  void expect_refused(const std::string& options, const std::string& reason) {
    const std::size_t before = kernel_log().size();
    EXPECT_EQ(module_load(kDriver, options), EINVAL) << options;
    EXPECT_NE(kernel_log().find(reason, before), std::string::npos) << options << ": " << kernel_log().substr(before);
    EXPECT_FALSE(module_loaded(kDriver));
  }
};

TEST_F(TuningTest, AParameterThatMakesNoSenseIsRefused) {
  expect_refused("messages_max=1", "qtee: messages_max=1: it goes from 2 to 65536");
  expect_refused("message_in_kib=0", "qtee: message_in_kib=0: it goes from ");
  expect_refused("message_out_kib=8192", "qtee: message_out_kib=8192: it goes from ");
  expect_refused("trim_ms=9", "qtee: trim_ms=9: it goes from 10 to 3600000");
  const std::string classes = "classes_kib ascends, from a page to 4096; classes_max goes from 1 to 1024";
  expect_refused("classes_kib=256,128", classes);
  expect_refused("classes_kib=8192", classes);
  expect_refused("classes_max=4,0", classes);
  expect_refused("classes_max=1025", classes);
  expect_refused("message_in_kib=4092 pool_max_kib=8000", "pool_max_kib has to hold two pairs");
  expect_refused("message_in_kib=4096", "message_in_kib and message_out_kib are 4096 at most together");
}

TEST_F(TuningTest, AParameterIsInUse) {
  ASSERT_EQ(module_load(kDriver, "messages_max=9 classes_kib=256,4096 classes_max=3"), 0) << kernel_log();
  EXPECT_EQ(value("messages_max"), "9");
  EXPECT_EQ(value("classes_kib"), "256,4096");
  EXPECT_EQ(value("classes_max"), "3");
  EXPECT_EQ(file_read(kPools / "pairs/limit"), "9");
  EXPECT_EQ(file_read(kPools / "256k/limit"), "3");
  EXPECT_EQ(file_read(kPools / "4096k/limit"), "4");
  EXPECT_FALSE(std::filesystem::exists(kPools / "128k"));
  ASSERT_EQ(module_load("qtee_user"), 0);
  vsoc::Service::open(Root::open()).null();
  EXPECT_EQ(module_unload("qtee_user"), 0);
}

TEST_F(TuningTest, ALimitThatMakesNoSenseIsRefused) {
  ASSERT_EQ(module_load(kDriver), 0) << kernel_log();
  const auto limit = kPools / "128k/limit";
  for (const char* text : {"0", "1025", "-1", "many"}) EXPECT_NE(file_write(limit, text), 0) << text;
  EXPECT_EQ(file_read(limit), "4");
  EXPECT_EQ(file_write(limit, "1024"), 0);
  EXPECT_EQ(file_read(limit), "1024");
  // That of the pairs is messages_max.
  EXPECT_EQ(std::filesystem::status(kPools / "pairs/limit").permissions(), std::filesystem::perms{0444});
}

// The machine has qcom,messages-max=5, qcom,message-in-kib=28 and qcom,classes-max=2.
class TuningNodeTest : public TuningTest {};

TEST_F(TuningNodeTest, APropertyIsInUse) {
  ASSERT_EQ(module_load(kDriver), 0) << kernel_log();
  EXPECT_EQ(value("messages_max"), "5");
  EXPECT_EQ(value("message_in_kib"), "28");
  EXPECT_EQ(value("classes_max"), "2");
  EXPECT_EQ(value("messages_per_cpu"), "2") << "it has no property";
}

TEST_F(TuningNodeTest, AParameterWinsOverAProperty) {
  ASSERT_EQ(module_load(kDriver, "messages_max=7 classes_max=3,3"), 0) << kernel_log();
  EXPECT_EQ(value("messages_max"), "7");
  EXPECT_EQ(value("message_in_kib"), "28");
  EXPECT_EQ(value("classes_max"), "3,3");
}

// The machine has qcom,messages-max=1.
class TuningBadNodeTest : public TuningTest {};

TEST_F(TuningBadNodeTest, APropertyThatMakesNoSenseIsRefused) {
  expect_refused("", "qcom,messages-max is 1: it goes from 2 to 65536");
  EXPECT_EQ(module_load(kDriver, "messages_max=2"), 0) << kernel_log();
}

}  // namespace
}  // namespace qtee::test
