// SPDX-License-Identifier: BSD-3-Clause
//
// vsoc/setup, interrupted and resumed, with a small recipe and without the network. What the machine itself must have
// is played by stand-ins, as this runs in the toolchain root.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "process.hpp"

namespace qtee::vsoc::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

class SetupTest : public ::testing::Test {
 protected:
  SetupTest() {
    fs::copy(QTEE_TEST_RECIPES, recipes(), fs::copy_options::recursive);
    fs::create_directories(stand_ins());
    for (const char* name : {"bwrap", "apt-get", "dpkg-deb", "make"}) stand_in(name, "exit 0");
    stand_in("dpkg", "echo amd64");
  }

  fs::path cache() const { return folder_.path() / "cache"; }
  fs::path recipes() const { return folder_.path() / "recipes"; }
  fs::path stand_ins() const { return folder_.path() / "bin"; }

  void stand_in(const std::string& name, const std::string& body) const {
    std::ofstream(stand_ins() / name) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(stand_ins() / name, fs::perms::owner_all);
  }

  static std::vector<std::string> words(const std::string& recipes) {
    return {QTEE_TREE "/vsoc/setup", "--recipes", recipes, "small"};
  }

  Process::Environment environment(Process::Environment more = {}) const {
    more["QTEE_CACHE"] = cache();
    more["PATH"] = stand_ins().string() + ":/usr/bin:/usr/sbin";
    return more;
  }

  Outcome setup(Process::Environment more = {}) const {
    return run(words(recipes()), "", environment(std::move(more)));
  }

  // The complete pieces in the cache.
  std::vector<fs::path> pieces() const {
    std::vector<fs::path> found;
    if (!fs::exists(cache())) return found;
    for (const auto& entry : fs::directory_iterator(cache()))
      if (entry.path().filename().string().starts_with("small-")) found.push_back(entry.path());
    return found;
  }

  static void expect_complete(const fs::path& piece) {
    for (int part = 1; part <= 5; ++part) {
      std::ifstream file(piece / ("part-" + std::to_string(part)));
      std::string line;
      EXPECT_TRUE(std::getline(file, line)) << piece << " part " << part;
      EXPECT_EQ(line, "content of " + std::to_string(part));
    }
  }

  void expect_resumed() const {
    const Outcome again = setup();
    EXPECT_EQ(again.status, 0) << again.err;
    ASSERT_EQ(pieces().size(), 1u);
    expect_complete(pieces()[0]);
    EXPECT_FALSE(fs::exists(cache() / "partial"));
  }

 private:
  Folder folder_;
};

TEST_F(SetupTest, MakesAPieceOnceAndUsesItAgain) {
  const std::string count = cache().parent_path() / "count";
  EXPECT_EQ(setup({{"SMALL_COUNT", count}}).status, 0);
  ASSERT_EQ(pieces().size(), 1u);
  expect_complete(pieces()[0]);
  const Outcome again = setup({{"SMALL_COUNT", count}});
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.err, "");
  EXPECT_EQ(fs::file_size(count), 5u) << "the recipe ran twice";
}

class SetupKillTest : public SetupTest, public ::testing::WithParamInterface<int> {};

TEST_P(SetupKillTest, KilledLeavesNothingThatIsTrusted) {
  {
    Process process(words(recipes()), "", environment({{"SMALL_PAUSE", "0.3"}}));
    ASSERT_TRUE(process.wait_for("part " + std::to_string(GetParam()) + " is there", seconds(30)));
    kill(-process.pid(), SIGKILL);  // its children, too: as when the machine loses power
    EXPECT_EQ(process.wait(seconds(30)).status, 128 + SIGKILL);
  }
  EXPECT_TRUE(pieces().empty());
  expect_resumed();
}

INSTANTIATE_TEST_SUITE_P(AtPart, SetupKillTest, ::testing::Values(1, 3, 5));

TEST_F(SetupTest, OnlyTheShellKilledAndItsChildGoingOn) {
  Process process(words(recipes()), "", environment({{"SMALL_PAUSE", "0.5"}}));
  ASSERT_TRUE(process.wait_for("part 2 is there", seconds(30)));
  process.signal(SIGKILL);
  // The next one waits until nobody writes any more, and trusts nothing of it.
  expect_resumed();
}

class SetupSignalTest : public SetupTest, public ::testing::WithParamInterface<int> {};

TEST_P(SetupSignalTest, InterruptedCleansUpAtOnce) {
  Process process(words(recipes()), "", environment({{"SMALL_PAUSE", "0.5"}}));
  ASSERT_TRUE(process.wait_for("part 2 is there", seconds(30)));
  process.signal(GetParam());
  EXPECT_EQ(process.wait(seconds(30)).status, 128 + GetParam());
  EXPECT_TRUE(pieces().empty());
  EXPECT_FALSE(fs::exists(cache() / "partial"));
  expect_resumed();
}

INSTANTIATE_TEST_SUITE_P(By, SetupSignalTest, ::testing::Values(SIGINT, SIGTERM));

TEST_F(SetupTest, AFailingRecipeLeavesNothingAndSaysWhy) {
  const Outcome outcome = setup({{"SMALL_FAIL", "1"}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("small was asked to fail"), std::string::npos) << outcome.err;
  EXPECT_TRUE(pieces().empty());
  expect_resumed();
}

TEST_F(SetupTest, TwoAtOnceMakeItOnce) {
  const std::string count = cache().parent_path() / "count";
  const auto with = environment({{"SMALL_PAUSE", "0.2"}, {"SMALL_COUNT", count}});
  Process one(words(recipes()), "", with), two(words(recipes()), "", with);
  EXPECT_EQ(one.wait(seconds(60)).status, 0);
  EXPECT_EQ(two.wait(seconds(60)).status, 0);
  EXPECT_EQ(fs::file_size(count), 5u) << "both ran the recipe";
  ASSERT_EQ(pieces().size(), 1u);
  expect_complete(pieces()[0]);
}

TEST_F(SetupTest, AChangedRecipeMakesANewPieceBesideTheOld) {
  EXPECT_EQ(setup().status, 0);
  const fs::path old = pieces().at(0);
  std::ofstream(recipes() / "small.sh", std::ios::app) << "# changed\n";
  EXPECT_EQ(setup().status, 0);
  EXPECT_EQ(pieces().size(), 2u);
  expect_complete(old);
}

TEST_F(SetupTest, RefreshMakesItAnew) {
  EXPECT_EQ(setup().status, 0);
  std::ofstream(pieces().at(0) / "mark") << "old";
  auto anew = words(recipes());
  anew.push_back("--refresh");
  EXPECT_EQ(run(anew, "", environment()).status, 0);
  ASSERT_EQ(pieces().size(), 1u);
  expect_complete(pieces()[0]);
  EXPECT_FALSE(fs::exists(pieces()[0] / "mark"));
}

TEST_F(SetupTest, WithoutRootTheExactCommandIsPrinted) {
  fs::remove(stand_ins() / "bwrap");
  stand_in("id", "echo 1000");
  stand_in("sudo", "exit 1");
  const Outcome outcome = setup();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("apt-get install -y --no-install-recommends bubblewrap\n"), std::string::npos)
      << outcome.err;
  EXPECT_TRUE(pieces().empty());
}

TEST_F(SetupTest, AsRootMissingPackagesAreInstalled) {
  fs::remove(stand_ins() / "bwrap");
  stand_in("id", "echo 0");
  // What apt-get would do.
  stand_in("apt-get", "echo \"$@\" >> " + (cache().parent_path() / "installed").string() +
                          "\nprintf '#!/bin/sh\\n' > " + (stand_ins() / "bwrap").string() + "\nchmod +x " +
                          (stand_ins() / "bwrap").string());
  const Outcome outcome = setup();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::ifstream file(cache().parent_path() / "installed");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "install -y --no-install-recommends bubblewrap");
}

}  // namespace
}  // namespace qtee::vsoc::test
