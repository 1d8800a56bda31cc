// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device_tree.hpp"

namespace qtee::vsoc {

// What one run is to be.
struct Options {
  std::string kernel = "debian";
  std::string driver = "qtee";
  bool tools = false;  // bpftrace and perf in the guest
  bool icount = false;
  unsigned smp = 2;
  std::string share;                                              // empty: none
  std::vector<std::pair<std::uint16_t, std::uint16_t>> forwards;  // TCP port of this machine, of the guest
  unsigned timeout_seconds = 300;  // 0: none; the debug kernel has slowness() as much unless told
  bool verbose = false;
  bool terminal = false;
  bool leak_check = true;
  std::string cpu;
  unsigned memory_mib = 1024;
  std::optional<QteeNode> node;
  std::string append;                    // behind the kernel's command line
  std::vector<std::string> qemu;         // behind QEMU's arguments
  std::vector<std::string> parameters;   // MODULE.NAME=value
  std::vector<std::string> environment;  // NAME=value
  std::string log;                       // where the whole log is kept; empty: only that of a failure
  std::vector<std::string> command;

  // How many times longer than others the chosen kernel may take for anything.
  unsigned slowness() const { return kernel == "debug" ? 5 : 1; }
};

// Exit statuses that are not the command's own. They begin where env(1), timeout(1) and shells have theirs.
inline constexpr int kStatusUsage = 2;
inline constexpr int kStatusTimeout = 124;
inline constexpr int kStatusMachine = 125;

// CPU model that QEMU emulates unless asked otherwise; figures hold for one model only.
inline constexpr char kCpuModel[] = "cortex-a76";

// Reads the command line. Returns whether to run; otherwise `status` is what to exit with, all is said.
bool options_read(int argc, char** argv, Options& options, int& status);

}  // namespace qtee::vsoc
