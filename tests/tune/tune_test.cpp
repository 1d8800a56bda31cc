// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-tune on the load of two made-up platforms. One has a few large messages with pauses between them, the other
// bursts of many threads whose small messages are called back for.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "alive.hpp"
#include "file.hpp"
#include "module.hpp"
#include "parameter.hpp"
#include "qtee/file_descriptor.hpp"
#include "tool.hpp"

namespace qtee::test {
namespace {

using Words = std::vector<std::string>;
using Values = std::map<std::string, std::string>;

const Words kLarge = {"qtee-load", "--large", "1", "--large-bytes", "1100000", "--times", "8", "--pause-ms", "2500"};
const Words kCallbacks = {"qtee-load", "--threads",        "12", "--null",  "5", "--callback", "5",   "--callback-ms",
                          "2",         "--server-threads", "4",  "--times", "3", "--pause-ms", "2500"};
// Of the driver, so that pauses can be short.
constexpr char kOptions[] = "trim_ms=1000";
const Words kNull = {"qtee-load", "--null", "50"};

const char* const kParameters[] = {"message_in_kib", "message_out_kib", "messages_per_cpu", "messages_spare",
                                   "messages_max",   "pool_max_kib",    "trim_ms",          "classes_kib"};

/// Of the parameters, and of the limits of the pools.
Values values() {
  Values values;
  for (const char* name : kParameters) values[name] = file_read(parameter_path(name));
  for (const auto& pool : std::filesystem::directory_iterator(driver_folder() + "pools"))
    if (pool.is_directory()) values[pool.path().filename()] = file_read(pool.path() / "limit");
  return values;
}

class TuneTest : public ::testing::Test {
 protected:
  /// Each test begins and ends with the same settings.
  void SetUp() override { before_ = values(); }
  void TearDown() override { EXPECT_EQ(values(), before_); }

  static Words command(const Words& options, const Words& load = {}) {
    Words words = {"qtee-tune", "--json", "--modules", std::string("/qtee/modules/") + std::getenv("QTEE_KERNEL")};
    words.insert(words.end(), options.begin(), options.end());
    if (!load.empty()) words.push_back("--");
    words.insert(words.end(), load.begin(), load.end());
    return words;
  }
  static ToolOutput run(const Words& options, const Words& load = {}) { return Tool::run(command(options, load)); }

  static Json one(const ToolOutput& output, const std::string& type) {
    const std::vector<Json> all = output.json(type);
    EXPECT_EQ(all.size(), 1u) << type << ": " << output.out << output.remarks;
    return all.empty() ? Json() : all[0];
  }
  static double ratio(const ToolOutput& output, const std::string& name) {
    for (const Json& json : output.json("measure"))
      if (json.at("name") == name && json.at("ratio").is_number()) return json.at("ratio");
    ADD_FAILURE() << name << " is not measured: " << output.out << output.remarks;
    return 0;
  }
  /// What is proposed, by name; of advice, what it is about.
  static std::map<std::string, Json> proposals(const ToolOutput& output) {
    std::map<std::string, Json> all;
    for (const Json& json : output.json("proposal")) {
      const std::string name = json.at("name");
      all[json.at("kind") == "setting" ? name : name.substr(0, name.find('['))] = json;
    }
    return all;
  }

  /// Watches the load, and tries what is proposed; it is a gain, and is kept. Returns what is proposed.
  std::map<std::string, Json> expect_gain(const Words& load, bool fewer_instructions) {
    const std::string file = "/tmp/qtee-tune.conf";
    const ToolOutput output = run({"--verify", "--rounds", "5", "--modprobe", file}, load);
    std::printf("%s%s", output.out.c_str(), output.remarks.c_str());
    EXPECT_EQ(output.status, 0) << output.remarks;
    EXPECT_EQ(one(output, "verdict").value("kept", false), true) << output.out;
    if (fewer_instructions) {
      EXPECT_LT(ratio(output, "kernel_instructions"), 0.9);
    }
    EXPECT_LT(ratio(output, "pool_misses"), 0.5);
    auto all = proposals(output);
    // It is in use, and in the file.
    std::ifstream stream(file);
    const std::string written(std::istreambuf_iterator<char>(stream), {});
    for (const auto& [name, json] : all) {
      if (json.at("kind") != "setting") continue;
      const Json& to = json.at("to");
      if (to.is_number()) {
        EXPECT_EQ(file_read(parameter_path(name)), to.dump()) << name;
        EXPECT_NE(written.find(name + "=" + to.dump()), written.npos) << written;
      }
    }
    driver_renew();
    return all;
  }

  /// The driver, loaded anew as it was for these tests.
  static void driver_renew() {
    for (const std::string& name : driver_unload())
      ASSERT_EQ(module_load(name, name == "qtee" ? kOptions : ""), 0) << name;
  }

  Values before_;
};

TEST_F(TuneTest, EachPlatformGetsSettingsOfItsOwnAndAGain) {
  const auto large = expect_gain(kLarge, true);
  // Which thread makes a pair is chance, and so are the instructions of one round; misses are not.
  const auto callbacks = expect_gain(kCallbacks, false);
  EXPECT_TRUE(large.contains("trim_ms"));
  EXPECT_FALSE(large.contains("messages_per_cpu"));
  EXPECT_TRUE(callbacks.contains("messages_per_cpu"));
  EXPECT_FALSE(callbacks.contains("trim_ms"));
  EXPECT_TRUE(callbacks.contains("threads of qtee-load")) << "12 callbacks, 4 threads";
  EXPECT_FALSE(large.contains("threads of qtee-load"));
}

TEST_F(TuneTest, NothingIsProposedForWhatFits) {
  const ToolOutput output = run({}, kNull);
  EXPECT_EQ(output.status, 0) << output.remarks;
  EXPECT_EQ(proposals(output), (std::map<std::string, Json>())) << output.out;
  EXPECT_GE(one(output, "observation").at("invocations"), 50);
}

TEST_F(TuneTest, WhatIsWorseIsReverted) {
  const ToolOutput output = run({"--verify", "--rounds", "5", "--set", "messages_per_cpu=0", "--set",
                                 "messages_spare=0", "--modprobe", "/tmp/no"},
                                {"qtee-load", "--null", "3000"});
  EXPECT_EQ(output.status, 3) << output.remarks;
  EXPECT_FALSE(one(output, "verdict").at("kept"));
  EXPECT_GT(ratio(output, "kernel_instructions"), 1.01);
  EXPECT_FALSE(std::filesystem::exists("/tmp/no"));
}

TEST_F(TuneTest, WhatIsNoBetterIsRevertedByLoadingTheDriverAnew) {
  const Parameter other("trim_ms", 12345);
  const Values before = values();
  const ToolOutput output = run({"--verify", "--rounds", "5", "--set", "classes_kib=256,4096"}, kNull);
  EXPECT_EQ(output.status, 3) << output.remarks;
  EXPECT_NE(output.remarks.find("loaded anew"), output.remarks.npos) << output.remarks;
  EXPECT_EQ(values(), before) << "with what was changed at run time";
  EXPECT_TRUE(module_loaded("qtee_user") && module_loaded("qtee_mem"));
}

TEST_F(TuneTest, OpenClientsAreInTheWayOfLoadingAnew) {
  const FileDescriptor client(::open("/dev/qtee", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(client);
  const ToolOutput verify = run({"--verify", "--set", "classes_kib=256,4096"}, kNull),
                   apply = run({"--apply", "--set", "classes_kib=256,4096"});
  for (const ToolOutput& output : {verify, apply}) {
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.remarks.find(std::to_string(::getpid()) + " (test_tune)"), output.remarks.npos) << output.remarks;
    EXPECT_EQ(values(), before_);
  }
  // They are not in the way of what is live.
  EXPECT_EQ(run({"--apply", "--set", "trim_ms=5000"}).status, 0);
  EXPECT_EQ(file_read(parameter_path("trim_ms")), "5000");
  EXPECT_EQ(run({"--apply", "--set", "trim_ms=" + before_.at("trim_ms")}).status, 0);
}

TEST_F(TuneTest, NothingIsLeftOfWhatIsInterrupted) {
  Tool tune(command(
      {"--verify", "--rounds", "5", "--set", "trim_ms=5000"},
      // As soon as it is tried it takes long.
      {"sh", "-c", "qtee-load --null 5; grep -qx 1000 /sys/module/qtee/parameters/trim_ms || exec sleep 1000"}));
  for (int i = 0; i < 3000 && file_read(parameter_path("trim_ms")) != "5000"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(file_read(parameter_path("trim_ms")), "5000");
  const ToolOutput output = tune.stop(SIGINT);
  EXPECT_EQ(output.status, 1);
  EXPECT_NE(output.remarks.find("interrupted"), output.remarks.npos) << output.remarks;
}

/// As soon as `setting`, a parameter and its value, is tried, it takes long.
Words waiting(const std::string& name, const std::string& value) {
  return {"sh", "-c", "qtee-load --null 5; ! grep -qx " + value + " " + parameter_path(name) + " || exec sleep 1000"};
}

/// Kills it while it tries the setting.
void kill_while_tried(const Words& command, const std::string& name, const std::string& value) {
  Tool tune(command);
  std::error_code error;
  const auto tried = [&] {
    return std::filesystem::exists(parameter_path(name), error) && file_read(parameter_path(name)) == value;
  };
  for (int i = 0; i < 3000 && !tried(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(tried());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  // One that tries settings is enough, and nothing is taken from it.
  for (const Words& options : {Words{"--restore"}, Words{"--apply", "--set", "messages_spare=5"}}) {
    Words other = {"qtee-tune"};
    other.insert(other.end(), options.begin(), options.end());
    const ToolOutput output = Tool::run(other);
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.remarks.find("another qtee-tune, process "), output.remarks.npos) << output.remarks;
  }
  tune.stop(SIGKILL);
  EXPECT_TRUE(tried());
}

TEST_F(TuneTest, WhatIsKilledIsPutBackWhenAsked) {
  const Words options = {"--verify", "--rounds", "5", "--set", "trim_ms=5000"};
  kill_while_tried(command(options, waiting("trim_ms", "5000")), "trim_ms", "5000");
  const ToolOutput first = run({"--restore"}), second = run({"--restore"});
  EXPECT_EQ(first.status, 0);
  EXPECT_NE(first.remarks.find("put back: trim_ms=1000"), first.remarks.npos) << first.remarks;
  EXPECT_EQ(values(), before_);
  EXPECT_EQ(second.status, 0);
  EXPECT_NE(second.remarks.find("nothing is left"), second.remarks.npos) << second.remarks;
}

TEST_F(TuneTest, WhatIsKilledIsPutBackByTheNext) {
  const Words options = {"--verify", "--rounds", "5", "--set", "trim_ms=5000", "--set", "messages_spare=9"};
  kill_while_tried(command(options, waiting("trim_ms", "5000")), "trim_ms", "5000");
  // What somebody has changed since is not.
  const auto trim_ms = [](const std::string& value) { std::ofstream(parameter_path("trim_ms")) << value; };
  trim_ms("7000");
  const ToolOutput next = run({"--set", "trim_ms=7000"});
  EXPECT_NE(next.remarks.find("put back: messages_spare=" + before_.at("messages_spare")), next.remarks.npos)
      << next.remarks;
  EXPECT_NE(next.remarks.find("so it stays: trim_ms"), next.remarks.npos) << next.remarks;
  EXPECT_EQ(file_read(parameter_path("trim_ms")), "7000");
  trim_ms(before_.at("trim_ms"));
}

TEST_F(TuneTest, WhatIsKilledAfterTheDriverWasLoadedAnewIsPutBack) {
  const Words options = {"--verify", "--rounds", "5", "--set", "classes_kib=256,4096"};
  kill_while_tried(command(options, waiting("classes_kib", "256,4096")), "classes_kib", "256,4096");
  const ToolOutput output = run({"--restore"});
  EXPECT_EQ(output.status, 0) << output.remarks;
  EXPECT_NE(output.remarks.find("loaded anew as it was: classes_kib=128,"), output.remarks.npos) << output.remarks;
  EXPECT_TRUE(module_loaded("qtee_user") && module_loaded("qtee_mem"));
}

TEST_F(TuneTest, AHalfWrittenOrForeignJournalIsNoHarm) {
  std::ofstream("/run/qtee-tune.json") << "{\"pid\": 1, \"before\": {\"trim_ms\"";
  EXPECT_EQ(run({"--restore"}).status, 0);
  std::ofstream("/run/qtee-tune.json")
      << "{\"before\": {\"nothing\": [1]}, \"after\": {}, \"folder\": \"\", \"loaded\": []}";
  const ToolOutput foreign = run({"--restore"});
  EXPECT_EQ(foreign.status, 1);
  EXPECT_NE(foreign.remarks.find("another version"), foreign.remarks.npos) << foreign.remarks;
  std::filesystem::remove("/run/qtee-tune.json");
}

TEST_F(TuneTest, NothingIsLeftWhenTheLoadFails) {
  const ToolOutput at_once = run({"--verify", "--set", "trim_ms=5000"}, {"false"});
  EXPECT_EQ(at_once.status, 1);
  EXPECT_NE(at_once.remarks.find("ended with status 1"), at_once.remarks.npos) << at_once.remarks;
  const ToolOutput later =
      run({"--verify", "--rounds", "5", "--set", "trim_ms=5000"},
          {"sh", "-c", "qtee-load --null 5 && grep -qx 1000 /sys/module/qtee/parameters/trim_ms || exit 7"});
  EXPECT_EQ(later.status, 1);
  EXPECT_NE(later.remarks.find("ended with status 7"), later.remarks.npos) << later.remarks;
  const ToolOutput idle = run({"--verify", "--set", "trim_ms=5000"}, {"true"});
  EXPECT_EQ(idle.status, 1);
  EXPECT_NE(idle.remarks.find("invokes nothing"), idle.remarks.npos) << idle.remarks;
}

TEST_F(TuneTest, ProfilesAreListedShownAndApplied) {
  const ToolOutput list = run({"--profiles"});
  EXPECT_EQ(list.json("profile").size(), 2u) << list.out << list.remarks;
  EXPECT_EQ(run({"--profile", "few-large-messages"}).status, 0);
  EXPECT_EQ(values(), before_) << "it was only shown";
  const ToolOutput applied = run({"--profile", "few-large-messages", "--apply"});
  EXPECT_EQ(applied.status, 0) << applied.remarks;
  EXPECT_EQ(file_read(parameter_path("trim_ms")), "120000");
  EXPECT_EQ(file_read(parameter_path("classes_kib")), "128,256,512,1024,1088,2048,4096");
  EXPECT_EQ(file_read(driver_folder() + "pools/1088k/limit"), "2");
  driver_renew();
}

TEST_F(TuneTest, WhatMakesNoSenseIsRefused) {
  for (const Words& options : {Words{"--verify"}, Words{"--set", "trim_ms=9"}, Words{"--set", "nothing=1"},
                               Words{"--verify", "--rounds", "4", "--", "true"}, Words{"--profile", "x", "--", "true"}})
    EXPECT_EQ(run(options).status, 2) << options[0];
  EXPECT_EQ(run({"--profile", "nothing"}).status, 1);
}

}  // namespace
}  // namespace qtee::test
