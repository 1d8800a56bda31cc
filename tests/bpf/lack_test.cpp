// SPDX-License-Identifier: BSD-3-Clause
//
// What a tool can't have it says, with status 1; what makes no sense it refuses, with status 2.
#include <unistd.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include "bpf_test.hpp"

namespace qtee::test {
namespace {

ToolOutput shell(const std::string& script) { return Tool::run({"sh", "-c", script}); }

void expect_said(const std::string& script, const std::string& said, int status = 1) {
  const ToolOutput output = shell(script);
  EXPECT_EQ(output.status, status) << script << "\n" << output.remarks;
  EXPECT_NE(output.remarks.find(said), std::string::npos) << script << "\n" << output.remarks;
  EXPECT_EQ(output.out, "") << script;
}

/// The command by a user who is not root, with these capabilities: "+bpf,+perfmon".
std::string as_nobody(const std::string& capabilities, const std::string& command) {
  const std::string set = "-all" + (capabilities.empty() ? "" : "," + capabilities);
  return "exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=" + set + " --ambient-caps=" + set + " " +
         command;
}

class LackTest : public BpfTest {};

TEST_F(LackTest, Permission) {
  const std::string needs =
      "not permitted: this needs root, or CAP_BPF, CAP_PERFMON and, for the BTF of modules, CAP_SYS_ADMIN; of these "
      "this "
      "process has ";
  for (const char* tool : {"qtee-lat -d 1", "qtee-slow -d 1", "qtee-stacks -d 1", "qtee-top -d 1", "qtee-trace -d 1",
                           "qtee-exporter --listen 127.0.0.1:9763"}) {
    expect_said(as_nobody("", tool), needs + "none");
    expect_said(as_nobody("+bpf", tool), needs + "CAP_BPF\n");
    expect_said(as_nobody("+bpf,+perfmon", tool), needs + "CAP_BPF and CAP_PERFMON\n");
  }
  if (::access("/proc/self/ns/user", F_OK) == 0)
    expect_said("exec unshare -Ur qtee-lat -d 1", "though this process has CAP_SYS_ADMIN: it is in a user namespace");
}

TEST_F(LackTest, Btf) {
  expect_said("exec unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf; exec qtee-lat -d 1'",
              "this kernel has no BTF");
  expect_said(
      "exec unshare -m sh -c 'mkdir /tmp/btf; cp /sys/kernel/btf/vmlinux /tmp/btf; mount --bind /tmp/btf "
      "/sys/kernel/btf; "
      "exec qtee-lat -d 1'",
      "the module qtee has no BTF");
}

TEST_F(LackTest, Tracefs) {
  // Only qtee-trace needs it.
  const std::string without =
      "exec unshare -m sh -c 'umount -l /sys/kernel/tracing 2> /dev/null; umount -l /sys/kernel/debug 2> /dev/null; "
      "exec ";
  expect_said(without + "qtee-trace -d 1'", "mount -t tracefs none /sys/kernel/tracing");
  // It is root's alone where nobody has changed that.
  expect_said(
      as_nobody("+sys_admin", "qtee-trace -d 1"),
      "/sys/kernel/tracing is there, but this process may not read it: that needs root, or CAP_DAC_READ_SEARCH");
  const ToolOutput with = shell(as_nobody("+sys_admin,+dac_read_search", "qtee-trace -d 1ns"));
  EXPECT_EQ(with.status, 0) << with.remarks;
  for (const char* tool : {"qtee-lat", "qtee-slow", "qtee-stacks", "qtee-top"}) {
    const ToolOutput output = shell(without + tool + " --json -d 1'");
    EXPECT_EQ(output.status, 0) << output.remarks;
  }
}

TEST_F(LackTest, Samples) {
  expect_said(
      "rate=/proc/sys/kernel/perf_event_max_sample_rate; old=$(cat $rate); echo 100 > $rate; "
      "qtee-slow -d 1; status=$?; echo $old > $rate; exit $status",
      "perf_event_max_sample_rate");
}

TEST_F(LackTest, AProcess) {
  expect_said("qtee-lat -d 1 -p 4194303", "no process has the pid 4194303");
  std::promise<std::string> id;
  std::jthread thread([&](std::stop_token stop) {
    id.set_value(std::to_string(::gettid()));
    while (!stop.stop_requested()) std::this_thread::sleep_for(10ms);
  });
  const std::string tid = id.get_future().get();
  expect_said("qtee-lat -d 1 -p " + tid, tid + " is a thread of process " + own_pid());
}

TEST_F(LackTest, Room) {
  // 400 MiB of memory of the kernel's: it may have them or not, but is not to be brought down.
  const ToolOutput output = shell("qtee-lat --json --keys 65536 -d 1 -- qtee-report > /dev/null");
  if (output.status) {
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.remarks.find("Cannot allocate memory"), std::string::npos) << output.remarks;
  }
}

TEST_F(LackTest, Sense) {
  // Each by another tool: they have them of one function.
  const std::vector<std::string> tools = {"qtee-lat ", "qtee-slow ", "qtee-stacks ", "qtee-top ", "qtee-trace "};
  std::size_t next = 0;
  for (const char* arguments : {"-d -1", "-d ''", "-d soon", "-p ''", "-p 4294967296", "-p a-name-of-16-byte", "-o -1",
                                "-o 4294967296", "-O nothing", "-O MAP_REGION", "-O open -o 5", "--nothing"})
    EXPECT_EQ(shell(tools[next++ % tools.size()] + arguments).status, 2) << arguments;
  for (const char* call :
       {"qtee-lat -i 0", "qtee-lat --keys 0", "qtee-lat --keys 65537", "qtee-lat --keys -1", "qtee-lat --limit -1",
        "qtee-lat --by ''", "qtee-lat --by object,", "qtee-lat --by all,object", "qtee-lat --driver other",
        "qtee-slow -n -1", "qtee-slow -T ''", "qtee-slow --sample-hz 10001", "qtee-top -s nothing", "qtee-top -s ''",
        "qtee-trace --buffer 63", "qtee-trace --buffer 262145", "qtee-trace --buffer 4294967296"})
    EXPECT_EQ(shell(call).status, 2) << call;
  // These make sense, if little.
  for (const char* call : {"qtee-lat -d 0", "qtee-lat -d 0 -i 10ms --limit 0", "qtee-top -d 0", "qtee-top --json -d 0",
                           "qtee-slow -d 0 -T 0", "qtee-slow -d 0 -T 3650m -n 18446744073709551615", "qtee-stacks -d 0",
                           "qtee-trace -d 0 --buffer 64", "qtee-trace -d 1ns"})
    EXPECT_EQ(shell(call).status, 0) << call;
}

}  // namespace
}  // namespace qtee::test
