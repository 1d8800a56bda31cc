// SPDX-License-Identifier: BSD-3-Clause
#include "placement.hpp"

#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace qtee::bench {
namespace {

// A thread, or the calling one where it is 0.
void thread_place(pid_t thread, int first, int last) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (int cpu = first; cpu <= last; ++cpu) CPU_SET(cpu, &cpus);
  ::sched_setaffinity(thread, sizeof cpus, &cpus);
}

// All of this process. Threads that are made later are where their makers are.
void threads_place(int first, int last) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    thread_place(std::stoi(entry.path().filename().string()), first, last);
}

int last_cpu() { return static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)) - 1; }

// `place` is called between the path's own setup and what is measured, and all goes back to all CPUs after that.
Path placed(Path path, std::function<void()> place) {
  path.setup = [setup = path.setup, place = std::move(place)] {
    if (setup) setup();
    place();
  };
  path.teardown = [teardown = path.teardown] {
    if (teardown) teardown();
    threads_place(0, last_cpu());
  };
  return path;
}

}  // namespace

Path on_one_cpu(Path path) {
  return placed(std::move(path), [] { threads_place(0, 0); });
}

Path on_two_cpus(Path path) {
  return placed(path, [before = path.before, work = path.work] {
    threads_place(last_cpu(), last_cpu());
    // Servers have their threads from the first request on.
    if (before) before();
    work();
    thread_place(0, 0, 0);
  });
}

}  // namespace qtee::bench
