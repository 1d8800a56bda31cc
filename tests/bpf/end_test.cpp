// SPDX-License-Identifier: BSD-3-Clause
//
// However a tool ends, it says why and leaves nothing behind.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bpf_test.hpp"
#include "file.hpp"

namespace qtee::test {
namespace {

const std::vector<std::string> kTools = {"qtee-lat", "qtee-slow", "qtee-stacks", "qtee-top", "qtee-trace"};

ToolOutput shell(const std::string& script) { return Tool::run({"sh", "-c", script}); }

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Processes of this name, as the kernel cuts it.
std::size_t processes(const std::string& name) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "comm");
    std::string comm;
    if (std::getline(file, comm) && comm == name.substr(0, 15)) ++count;
  }
  return count;
}

bool comes_true(const std::function<bool()>& condition) {
  for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

class EndTest : public BpfTest {
 protected:
  /// Who uses the driver's module: front ends, and everybody who is attached to its events.
  static std::string users() { return file_read("/sys/module/qtee/refcnt"); }
  /// The kernel lets go of a program's link some time after that has died.
  ::testing::AssertionResult nothing_attached() const {
    if (comes_true([this] { return users() == before_; })) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "qtee has " << users() << " users, and had " << before_;
  }
  void TearDown() override {
    EXPECT_TRUE(nothing_attached());
    BpfTest::TearDown();
  }

 private:
  const std::string before_ = users();
};

TEST_F(EndTest, WhoReadsNoMore) {
  for (const std::string& tool : kTools) {
    // The pipe's reader is gone before the first line.
    const ToolOutput output =
        shell("{ " + tool + " -- sh -c 'qtee-report > /dev/null'; echo \"status $?\" >&2; } | true");
    EXPECT_TRUE(has(output.remarks, tool + ": write the output: Broken pipe")) << output.remarks;
    EXPECT_TRUE(has(output.remarks, "status 1\n")) << output.remarks;
  }
  shell("qtee-lat -i 100ms -- sleep 1000 | true");
  EXPECT_TRUE(comes_true([] { return processes("sleep") == 0; })) << "the command goes on";
}

TEST_F(EndTest, NoRoomForTheOutput) {
  for (const std::string& tool : kTools) {
    for (const char* json : {"", " --json"}) {
      const ToolOutput output = shell(tool + json + " -- qtee-report > /dev/full");
      EXPECT_EQ(output.status, 1) << tool << json;
      EXPECT_TRUE(has(output.remarks, tool + ": write the output: No space left on device")) << output.remarks;
    }
  }
}

TEST_F(EndTest, ClosedDescriptorsAreNobodyElses) {
  const ToolOutput out = shell("qtee-lat -d 100ms >&-");
  EXPECT_EQ(out.status, 1);
  EXPECT_TRUE(has(out.remarks, "write the output: Bad file descriptor")) << out.remarks;
  // The remarks go nowhere, and the lines where they belong.
  const ToolOutput all = shell("qtee-lat --json -d 100ms <&- 2>&-");
  EXPECT_EQ(all.status, 0);
  EXPECT_EQ(all.json().size(), 1u) << all.out;
}

TEST_F(EndTest, ASecondSignalEndsItAtOnce) {
  // Its output is a pipe that is full: what it has to say can't be said.
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const FileDescriptor reader(ends[0]), writer(ends[1]);
  ::fcntl(writer.get(), F_SETFL, O_NONBLOCK);
  const std::string page(4096, ' ');
  while (::write(writer.get(), page.data(), page.size()) > 0) {
  }
  ::fcntl(writer.get(), F_SETFL, 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(writer.get(), STDOUT_FILENO);
    ::execlp("qtee-lat", "qtee-lat", "-i", "100ms", nullptr);
    ::_exit(127);
  }
  const std::string wchan = "/proc/" + std::to_string(pid) + "/wchan";
  EXPECT_TRUE(comes_true([&] { return has(file_read(wchan), "pipe_write"); })) << file_read(wchan);
  ::kill(pid, SIGTERM);
  std::this_thread::sleep_for(200ms);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, WNOHANG), 0) << "the first one asks it to end";
  ::kill(pid, SIGTERM);
  const bool ended = comes_true([&] { return ::waitpid(pid, &status, WNOHANG) == pid; });
  EXPECT_TRUE(ended);
  if (!ended) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
  }
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

TEST_F(EndTest, WhatNohupIsFor) {
  // SIGHUP is ignored, and stays so; SIGINT is too in a shell's background, and is meant all the same.
  const ToolOutput output = shell(
      "trap '' HUP; qtee-lat --json > /tmp/lat 2> /tmp/said & until grep -q Ctrl-C /tmp/said; do sleep 0.1; done; "
      "kill -HUP $!; sleep 0.5; kill -0 $! && echo alive; kill -INT $!; wait $!; echo \"status $?\"");
  EXPECT_EQ(output.out, "alive\nstatus 0\n") << output.remarks;
}

TEST_F(EndTest, ACommandThatWasToldNothingOfItsChildren) {
  // SIGCHLD is ignored where a program began so that starts this one.
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGCHLD, SIG_IGN);
    ::execlp("qtee-lat", "qtee-lat", "--", "sh", "-c", "exit 3", nullptr);
    ::_exit(127);
  }
  int status = 0;
  const bool ended = comes_true([&] { return ::waitpid(pid, &status, WNOHANG) == pid; });
  EXPECT_TRUE(ended) << "it waits for the command's end";
  if (!ended) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3) << status;
}

TEST_F(EndTest, ACommandThatDoesNotEnd) {
  const ToolOutput output = shell("qtee-lat -d 1 -- sh -c \"trap '' TERM; echo \\$\\$; while :; do sleep 1; done\"");
  EXPECT_EQ(output.status, 0) << output.remarks;
  EXPECT_TRUE(has(output.remarks, "goes on: SIGTERM has not ended it")) << output.remarks;
  ::kill(std::stoi(output.out), SIGKILL);
}

TEST_F(EndTest, ASignalBeforeItIsAttached) {
  // The command is not begun any more. On a machine that has much to do the signal may come too late for that.
  for (const std::string& tool : kTools) {
    const auto is_begun = [&](const char* wait) {
      const ToolOutput output = shell(tool + " -- sh -c 'echo begun; sleep 1000' & sleep " + wait +
                                      "; kill -TERM $!; wait $!; echo \"status $?\"");
      return has(output.out, "begun");
    };
    EXPECT_FALSE(is_begun("0.15") && is_begun("0.1") && is_begun("0.05")) << tool;
  }
}

TEST_F(EndTest, KilledAtAnyMoment) {
  std::minstd_rand random(7);
  for (const int signal : {SIGKILL, SIGTERM, SIGINT}) {
    for (const std::string& tool : kTools) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ::dup2(null, STDOUT_FILENO);
        ::dup2(null, STDERR_FILENO);
        ::execlp(tool.c_str(), tool.c_str(), nullptr);
        ::_exit(127);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 3000));
      null(1);
      // Twice, as one who is impatient.
      ::kill(pid, signal);
      ::kill(pid, signal);
      int status = 0;
      ASSERT_EQ(::waitpid(pid, &status, 0), pid);
      EXPECT_TRUE((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
                  (WIFSIGNALED(status) && WTERMSIG(status) == signal))
          << tool << " " << signal << ": " << status;
    }
  }
  EXPECT_TRUE(nothing_attached());
}

TEST_F(EndTest, ItEndsInTimeUnderLoad) {
  for (const std::string& tool : {std::string("qtee-trace -d 1"), std::string("qtee-slow -d 1 -T 0 --json")}) {
    std::atomic<bool> over = false;
    std::vector<std::jthread> load;
    for (int i = 0; i < 2; ++i)
      load.emplace_back([&] {
        while (!over) service_.null();
      });
    std::future<ToolOutput> tracing = std::async(std::launch::async, [&] { return shell(tool + " | tail -n 1"); });
    EXPECT_EQ(tracing.wait_for(60s), std::future_status::ready) << tool << " goes on for ever";
    over = true;
    tracing.get();
  }
}

}  // namespace
}  // namespace qtee::test
