// SPDX-License-Identifier: BSD-3-Clause
#include "one_cpu.hpp"

#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace qtee::bench {
namespace {

// Threads that are made later are where their makers are.
void threads_place(const cpu_set_t& cpus) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    ::sched_setaffinity(std::stoi(entry.path().filename().string()), sizeof cpus, &cpus);
}

}  // namespace

Path on_one_cpu(Path path) {
  path.setup = [setup = path.setup] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    threads_place(one);
    if (setup) setup();
  };
  path.teardown = [teardown = path.teardown] {
    if (teardown) teardown();
    cpu_set_t all;
    CPU_ZERO(&all);
    for (int cpu = 0; cpu < ::sysconf(_SC_NPROCESSORS_CONF); ++cpu) CPU_SET(cpu, &all);
    threads_place(all);
  };
  return path;
}

}  // namespace qtee::bench
