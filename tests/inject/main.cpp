// SPDX-License-Identifier: BSD-3-Clause
//
// Every allocation and every user copy of every ioctl fails once, on a kernel with fault injection. What is asked of
// the driver: that each call ends in a documented error or succeeds, that it leaves nothing, and that the next one
// works. That the kernel did not complain, and that kmemleak finds nothing, is for vsoc/run to see.
#include <fmt/core.h>
#include <sched.h>
#include <sys/mman.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <exception>
#include <system_error>

#include "fault.hpp"
#include "scenarios.hpp"
#include "sweep.hpp"

namespace {

using namespace qtee::inject;

// Points are numbered as they are met. So that a run meets those that the one before met: one CPU, whose free message
// buffers all threads share, and no page faults between arming and the call.
void make_repeatable() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0 || mlockall(MCL_CURRENT) != 0)
    throw std::system_error(errno, std::generic_category(), "pin the process");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Fails every allocation and user copy of every ioctl, one at a time."};
  bool no_inject = false, trace = false, list = false;
  std::string filter;
  app.add_flag("--no-inject", no_inject, "only run the scenarios; any kernel can");
  app.add_flag("--trace", trace, "the kernel's log has a backtrace of each failure");
  app.add_flag("--list", list, "tell their names");
  app.add_option("--filter", filter, "only scenarios whose names contain this");
  CLI11_PARSE(app, argc, argv);

  try {
    if (!no_inject && !list) fault_set_up(trace);
    make_repeatable();
    Bench bench;
    Scenarios scenarios;
    invoke_scenarios_add(scenarios, bench);
    callback_scenarios_add(scenarios, bench);
    allocation_scenarios_add(scenarios, bench);
    server_scenarios_add(scenarios, bench);
    file_scenarios_add(scenarios, bench);
    tee_scenarios_add(scenarios, bench);

    int run = 0, failed = 0;
    for (const auto& scenario : scenarios) {
      if (scenario->name().find(filter) == std::string::npos) continue;
      ++run;
      if (list) {
        fmt::print("{}\n", scenario->name());
        continue;
      }
      try {
        if (!sweep(bench, *scenario, !no_inject)) ++failed;
      } catch (const std::exception& error) {
        throw std::runtime_error(scenario->name() + ": " + error.what());
      }
    }
    if (!list) fmt::print("{} scenarios, {} failed\n", run, failed);
    return run != 0 && failed == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "test_inject: {}\n", error.what());
    return 1;
  }
}
