// SPDX-License-Identifier: BSD-3-Clause
#include "settings.hpp"

#include <gtest/gtest.h>

namespace qtee::tune {
namespace {

/// What it throws, or "".
template <class Work>
std::string refused(const Work& work) {
  try {
    work();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

std::string add_refused(const std::string& text) {
  Settings settings;
  return refused([&] { settings_add(settings, text); });
}

TEST(Settings, AreReadAndChecked) {
  Settings settings;
  settings_add(settings, "trim_ms=500");
  settings_add(settings, "classes_kib=128,1024");
  EXPECT_EQ(settings, (Settings{{"trim_ms", {500}}, {"classes_kib", {128, 1024}}}));
  EXPECT_EQ(setting(settings, "trim_ms"), 500u);
  EXPECT_EQ(setting(settings, "contexts", 7), 7u);
}

TEST(Settings, WhatMakesNoSenseIsSaid) {
  EXPECT_NE(add_refused("trim_ms").find("NAME=VALUE"), std::string::npos);
  EXPECT_NE(add_refused("trim=1").find("none of the tunables: message_in_kib, "), std::string::npos);
  EXPECT_NE(add_refused("trim_ms=9").find("from 10 to 3600000"), std::string::npos);
  EXPECT_NE(add_refused("trim_ms=").find("is no number"), std::string::npos);
  EXPECT_NE(add_refused("trim_ms=1s").find("1s is no number"), std::string::npos);
  EXPECT_NE(add_refused("trim_ms=100,200").find("takes one number"), std::string::npos);
  EXPECT_NE(add_refused("classes_kib=256,128").find("ascends"), std::string::npos);
  EXPECT_NE(add_refused("classes_kib=1,2,3,4,5,6,7,8,9"), "");
  EXPECT_NE(add_refused("classes_max=4,-1").find("-1 is no number"), std::string::npos);
}

TEST(Settings, HaveToFitTogether) {
  const auto check = [](const Settings& settings) { return refused([&] { settings_check(settings); }); };
  EXPECT_EQ(check({{"message_in_kib", {60}}, {"message_out_kib", {4}}, {"pool_max_kib", {128}}}), "");
  EXPECT_NE(check({{"message_in_kib", {60}}, {"message_out_kib", {8}}, {"pool_max_kib", {128}}}), "");
  EXPECT_NE(check({{"message_in_kib", {4096}}, {"message_out_kib", {4}}}), "");
}

TEST(Settings, ChangesAreThoseThatDiffer) {
  EXPECT_EQ(settings_changed({{"trim_ms", {1000}}, {"contexts", {0}}}, {{"trim_ms", {1000}}, {"contexts", {2}}}),
            (Settings{{"contexts", {2}}}));
}

TEST(Settings, AsOptionsOfModprobe) {
  const Settings settings = {{"trim_ms", {500}}, {"classes_kib", {128, 4096}}, {"memory_idle_ms", {2000}}};
  const std::string text = modprobe_format(settings, "A title");
  EXPECT_NE(text.find("# A title\n"), std::string::npos);
  EXPECT_NE(text.find("\noptions qtee classes_kib=128,4096 trim_ms=500\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\noptions qtee_mem memory_idle_ms=2000\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("qtee_user"), std::string::npos) << text;
}

TEST(Settings, AsAnOverlay) {
  const Settings settings = {{"trim_ms", {500}}, {"classes_kib", {128, 4096}}, {"memory_idle_ms", {2000}}};
  const std::string text = overlay_format(settings, "A title");
  EXPECT_NE(text.find("qcom,trim-ms = <500>;"), std::string::npos) << text;
  EXPECT_NE(text.find("qcom,classes-kib = <128 4096>;"), std::string::npos) << text;
  EXPECT_EQ(text.find("qcom,memory"), std::string::npos) << text;
  EXPECT_EQ(settings_without_property(settings), std::vector<std::string>{"memory_idle_ms"});
}

}  // namespace
}  // namespace qtee::tune
