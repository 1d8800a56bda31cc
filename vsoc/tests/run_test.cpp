// SPDX-License-Identifier: BSD-3-Clause
//
// vsoc/run as its users see it: real boots of the virtual SoC.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <sstream>

#include "process.hpp"

namespace qtee::vsoc::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr int kStatusUsage = 2;
constexpr int kStatusTimeout = 124;
constexpr int kStatusMachine = 125;
constexpr char kTimeout[] = "150";

std::vector<std::string> words(std::vector<std::string> options, const std::vector<std::string>& command) {
  std::vector<std::string> all{QTEE_TREE "/vsoc/run", "--driver", "none", "--timeout", kTimeout};
  all.insert(all.end(), options.begin(), options.end());
  all.push_back("--");
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

std::string file_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string bytes(std::size_t count) {
  std::mt19937 random(7);
  std::string text(count, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// Whether a process of this machine has the text in its command line.
bool process_exists(const std::string& text) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == name.npos &&
        file_text(entry.path() / "cmdline").find(text) != text.npos)
      return true;
  }
  return false;
}

TEST(RunTest, StreamsArgumentsShareAndStatusAreExact) {
  const Folder share;
  const std::string input = bytes(300'000);
  const std::vector<std::string> arguments{
      "", "two words", "'single' \"double\"", "new\nline", "$HOME `id` \\", "--", "-x", "ümläut", "*"};
  std::vector<std::string> command{
      "sh", "-c",
      "cat > /share/in; for a; do printf '%s\\0' \"$a\"; done > /share/arguments; printf 'a\\0b\\r\\n\\377no end';"
      "printf 'to stderr\\r\\n\\001' >&2; id -u > /share/user; exit 42",
      "sh"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Outcome outcome = run(words({"--share", share.path()}, command), input);
  EXPECT_EQ(outcome.status, 42);
  EXPECT_EQ(outcome.out, std::string("a\0b\r\n\377no end", 12));
  EXPECT_EQ(outcome.err, "to stderr\r\n\001");
  EXPECT_TRUE(file_text(share.path() / "in") == input);
  std::string expected;
  for (const std::string& argument : arguments) expected.append(argument).push_back('\0');
  EXPECT_EQ(file_text(share.path() / "arguments"), expected);
  EXPECT_EQ(file_text(share.path() / "user"), "0\n");
}

TEST(RunTest, MuchOutputAndADeathBySignal) {
  const Outcome outcome =
      run(words({}, {"bash", "-c", "head -c 3000000 /dev/zero | tr '\\0' x | tee /dev/stderr; kill -USR1 $$"}));
  EXPECT_EQ(outcome.status, 128 + SIGUSR1);
  EXPECT_TRUE(outcome.out == std::string(3'000'000, 'x')) << outcome.out.size();
  EXPECT_TRUE(outcome.err == std::string(3'000'000, 'x')) << outcome.err.size();
}

TEST(RunTest, BothKernelsAtTheSameTime) {
  Process debian(words({"--kernel", "debian"}, {"uname", "-r"})), lts(words({"--kernel", "lts"}, {"uname", "-r"}));
  const Outcome one = debian.wait(seconds(200)), two = lts.wait(seconds(200));
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_EQ(two.status, 0) << two.err;
  EXPECT_EQ(one.out, file_text(QTEE_KERNEL_DEBIAN "/version"));
  EXPECT_EQ(two.out, file_text(QTEE_KERNEL_LTS "/version"));
}

TEST(RunTest, AForwardedPortReachesTheGuest) {
  const std::string port = std::to_string(20'000 + getpid() % 10'000);
  Process guest(
      words({"--forward", port + ":7777"}, {"sh", "-c", "echo ready; echo from the guest | busybox nc -l -p 7777"}));
  ASSERT_TRUE(guest.wait_for("ready", seconds(200)));
  // A connection is taken before somebody in the guest is behind it.
  const std::string ask = "for i in $(seq 100); do exec 3<> /dev/tcp/127.0.0.1/" + port +
                          " && timeout 2 cat <&3 | grep . && exit; sleep 0.1; done; exit 1";
  const Outcome outcome = run({"bash", "-c", ask});
  EXPECT_EQ(outcome.out, "from the guest\n") << outcome.err;
  EXPECT_EQ(guest.wait(seconds(60)).status, 0);
}

// A port more, which is a file in the shared folder.
TEST(RunTest, ArgumentsForQemu) {
  const Folder share;
  const std::string file = share.path() / "extra";
  const std::string write =
      "for port in /sys/class/virtio-ports/*; do"
      " if [ \"$(cat $port/name)\" = extra ]; then echo from the guest > /dev/${port##*/}; fi; done";
  const Outcome outcome = run(words({"--share", share.path(), "--qemu=-chardev", "--qemu=file,id=extra,path=" + file,
                                     "--qemu=-device", "--qemu=virtserialport,chardev=extra,name=extra"},
                                    {"sh", "-c", write}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(file_text(file), "from the guest\n");
}

TEST(RunTest, WhatQemuRefusesIsTold) {
  const Outcome outcome = run(words({"--qemu=-no-such-option"}, {"true"}));
  EXPECT_EQ(outcome.status, kStatusMachine);
  EXPECT_NE(outcome.err.find("no-such-option"), std::string::npos) << outcome.err;
}

TEST(RunTest, WhatIsNotThereIs127) {
  const Outcome outcome = run(words({}, {"no-such-program"}));
  EXPECT_EQ(outcome.status, 127);
  EXPECT_EQ(outcome.out, "");
}

TEST(RunTest, AHangEndsAtTheTimeout) {
  const auto began = std::chrono::steady_clock::now();
  const Outcome outcome = run(words({"--timeout", "20"}, {"sleep", "1000"}));
  EXPECT_EQ(outcome.status, kStatusTimeout);
  EXPECT_NE(outcome.err.find("the time of 20 s is over"), std::string::npos) << outcome.err;
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(40));
}

struct Fault {
  const char* kind;
  const char* told;
};

void PrintTo(const Fault& fault, std::ostream* stream) { *stream << fault.kind; }

class RunFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(RunFaultTest, FailsAndShowsTheLog) {
  const std::string load = std::string("insmod /qtee/modules/$QTEE_KERNEL/vsoc_fault.ko kind=") + GetParam().kind;
  const Outcome outcome = run(words({}, {"sh", "-c", load + "; exit 0"}));
  EXPECT_EQ(outcome.status, kStatusMachine);
  EXPECT_NE(outcome.err.find("vsoc/run: the kernel complained"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find(GetParam().told), std::string::npos) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Of, RunFaultTest,
                         ::testing::Values(Fault{"warn", "vsoc_fault was asked to warn"},
                                           Fault{"null", "Unable to handle kernel NULL pointer"},
                                           Fault{"panic", "vsoc_fault was asked to panic"}),
                         [](const auto& info) { return std::string(info.param.kind); });

TEST(RunTest, PowerOffByTheCommandIsAFailure) {
  const Outcome outcome = run(words({}, {"sh", "-c", "echo o > /proc/sysrq-trigger; sleep 100"}));
  EXPECT_EQ(outcome.status, kStatusMachine);
  EXPECT_NE(outcome.err.find("went off before the command had ended"), std::string::npos) << outcome.err;
}

TEST(RunTest, EndedBySignalLeavesNoMachine) {
  const Folder share;
  Process process(words({"--share", share.path()}, {"sh", "-c", "echo started; sleep 1000"}));
  ASSERT_TRUE(process.wait_for("started", seconds(150)));
  EXPECT_TRUE(process_exists("path=" + share.path().string()));
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(seconds(30)).status, 128 + SIGTERM);
  EXPECT_FALSE(process_exists("path=" + share.path().string()));
}

TEST(RunTest, ATerminalForTheCommand) {
  const Outcome outcome = run(words({"--shell"}, {"sh", "-c", "test -t 0 && test -t 1 && test -t 2 && stty size"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "24 80\r\n");
}

TEST(RunTest, InstructionsAreCountedWithIcount) {
  const Outcome outcome = run(words({"--icount", "--smp", "1"}, {"nproc"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "1\n");
}

TEST(RunTest, WrongUsageIsToldWithoutABoot) {
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"--"},
      {"--kernel", "other", "--", "true"},
      {"--driver", "other", "--", "true"},
      {"--driver", "mainline", "--kernel", "lts", "--", "true"},
      {"--smp", "99", "--", "true"},
      {"--share", "/no/such/folder", "--", "true"},
      {"--module-param", "nonsense", "--", "true"},
      {"--dt-property", "nonsense", "--", "true"},
      {"--dt-property", "=1", "--", "true"},
      {"--dt-property", "name=4294967296", "--", "true"},
      {"--dt-property", "name=1x", "--", "true"},
      {"--forward", "80", "--", "true"},
      {"--forward", "0:80", "--", "true"},
      {"--forward", "70000:80", "--", "true"},
      {"--forward", "8080:80", "--kernel", "qcom", "--", "true"},
      {"--no-such-option", "--", "true"},
  };
  for (const auto& options : wrong) {
    std::vector<std::string> all{QTEE_TREE "/vsoc/run"};
    all.insert(all.end(), options.begin(), options.end());
    const Outcome outcome = run(all, "", {}, seconds(10));
    EXPECT_EQ(outcome.status, kStatusUsage) << ::testing::PrintToString(options);
    EXPECT_NE(outcome.err, "") << ::testing::PrintToString(options);
    EXPECT_EQ(outcome.out, "");
  }
}

}  // namespace
}  // namespace qtee::vsoc::test
