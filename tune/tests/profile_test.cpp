// SPDX-License-Identifier: BSD-3-Clause
#include "profile.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace qtee::tune {
namespace {

std::string refused(const std::string& text) {
  try {
    profile_parse(text, "a.json");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(Profiles, ThoseThatAreThereMakeSense) {
  const std::vector<Profile> profiles = profiles_list({PROFILES});
  ASSERT_EQ(profiles.size(), 2u);
  for (const Profile& profile : profiles) {
    EXPECT_FALSE(profile.description.empty()) << profile.name;
    EXPECT_FALSE(profile.settings.empty()) << profile.name;
    // By the name of its file.
    EXPECT_EQ(profile_load(profile.name, {PROFILES}).settings, profile.settings);
  }
  EXPECT_NE(profiles[0].settings, profiles[1].settings);
}

TEST(Profiles, AreReadAsTheyAreWritten) {
  const Profile profile{"one", "words", {{"trim_ms", {500}}, {"classes_kib", {128, 4096}}, {"classes_max", {7}}}};
  const Profile again = profile_parse(profile_format(profile), "");
  EXPECT_EQ(again.name, profile.name);
  EXPECT_EQ(again.description, profile.description);
  EXPECT_EQ(again.settings, profile.settings);
}

TEST(Profiles, WhatIsNoneIsSaid) {
  EXPECT_NE(refused("{").find("a.json: this is no profile"), std::string::npos);
  EXPECT_NE(refused(R"({"schema": 2, "name": "x", "settings": {}})").find("schema is 2"), std::string::npos);
  EXPECT_NE(refused(R"({"schema": 1, "name": "x", "settings": {"trim": 1}})").find("none of the tunables"),
            std::string::npos);
  EXPECT_NE(refused(R"({"schema": 1, "name": "x", "settings": {"trim_ms": 1}})").find("from 10"), std::string::npos);
  EXPECT_NE(refused(R"({"schema": 1, "name": "x", "settings": {"trim_ms": "1"}})"), "");
  EXPECT_NE(refused(R"({"schema": 1, "name": "x"})"), "");
  EXPECT_EQ(refused(R"({"schema": 1, "name": "x", "settings": {"trim_ms": 10}})"), "");
}

TEST(Profiles, OneThatIsNotThereIsSaid) {
  EXPECT_THROW(profile_load("nothing", {PROFILES}), std::runtime_error);
  EXPECT_THROW(profile_load("./nothing.json", {PROFILES}), std::runtime_error);
}

}  // namespace
}  // namespace qtee::tune
