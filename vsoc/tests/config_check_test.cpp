// SPDX-License-Identifier: BSD-3-Clause
//
// vsoc/kernel/check: no option may be lost in silence.
#include <gtest/gtest.h>

#include <fstream>

#include "process.hpp"

namespace qtee::vsoc::test {
namespace {

constexpr char kConfig[] =
    "# CONFIG_ABSENT_TOO is not set\n"
    "CONFIG_YES=y\n"
    "CONFIG_MODULE=m\n"
    "CONFIG_NUMBER=64\n"
    "CONFIG_TEXT=\"-a=b\"\n";

class ConfigCheckTest : public ::testing::Test {
 protected:
  std::string file(const char* name, const std::string& text) const {
    const std::string path = folder_.path() / name;
    std::ofstream(path) << text;
    return path;
  }

  Outcome check(const std::string& first, const std::string& second = "# nothing more\n") const {
    return run({QTEE_TREE "/vsoc/kernel/check", file("config", kConfig), file("first", first), file("second", second)});
  }

 private:
  Folder folder_;
};

TEST_F(ConfigCheckTest, WhatIsSoPasses) {
  const Outcome outcome = check(
      "# a comment about CONFIG_YES\n\nCONFIG_YES=y\nCONFIG_MODULE=m\nCONFIG_NUMBER=64\nCONFIG_TEXT=\"-a=b\"\n"
      "# CONFIG_ABSENT is not set\n# CONFIG_ABSENT_TOO is not set\n");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ConfigCheckTest, WhatIsNotSoIsNamed) {
  for (const char* line : {"CONFIG_ABSENT=y", "CONFIG_ABSENT_TOO=y", "CONFIG_MODULE=y", "CONFIG_NUMBER=6",
                           "CONFIG_TEXT=\"-a\"", "# CONFIG_YES is not set"}) {
    const Outcome outcome = check(std::string("CONFIG_YES=y\n") + line + "\nCONFIG_NUMBER_OTHER=1\n", "");
    EXPECT_NE(outcome.status, 0) << line;
    std::string name = line;
    name = name.substr(name.find("CONFIG_"));
    name = name.substr(0, name.find_first_of("= "));
    EXPECT_NE(outcome.err.find(name + "="), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("first: "), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("CONFIG_NUMBER_OTHER=1"), std::string::npos)
        << "only one of two is told: " << outcome.err;
  }
}

TEST_F(ConfigCheckTest, TheLastFragmentWins) {
  EXPECT_EQ(check("CONFIG_MODULE=y\nCONFIG_GONE=y\n", "CONFIG_MODULE=m\n# CONFIG_GONE is not set\n").status, 0);
  const Outcome outcome = check("CONFIG_MODULE=m\n", "CONFIG_MODULE=y\n");
  EXPECT_NE(outcome.status, 0);
  EXPECT_NE(outcome.err.find("second: CONFIG_MODULE=y"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace qtee::vsoc::test
