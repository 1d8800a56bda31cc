// SPDX-License-Identifier: BSD-3-Clause
//
// The guest's init: reaches the root file system, loads the driver, runs one command, unloads the driver, looks for
// what it forgot where the kernel can tell, switches the machine off. vsoc/job.hpp says how it and vsoc-run talk.
#include <fcntl.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "command.hpp"
#include "error.hpp"
#include "job.hpp"
#include "kmemleak.hpp"
#include "module.hpp"
#include "mount.hpp"
#include "network.hpp"
#include "port.hpp"
#include "vsoc/job.hpp"

namespace qtee::vsoc {
namespace {

// Ends whatever the command left behind, so that nothing but the kernel can hold the driver.
void processes_end() {
  kill(-1, SIGKILL);
  while (wait(nullptr) > 0) continue;
}

void say(int control, const char* word, const std::string& rest) {
  std::string line = std::string(word) + " " + rest;
  for (char& c : line)
    if (c == '\n') c = ' ';
  if (control >= 0) port_write(control, line + "\n");
  dprintf(2, "vsoc-init: %s\n", line.c_str());  // the console's log tells the whole story, too
}

void run() {
  int control = -1;
  try {
    mount_early();
    Ports ports;
    control = ports.control = port_open(kPortControl);
    ports.in = port_open(kPortIn);
    ports.out = port_open(kPortOut);
    ports.err = port_open(kPortErr);
    const Job job = Job::read(std::string("/") + kJobFile);
    module_load_boot(std::string("/") + kModuleFolder);
    mount_root(job.has(kJobShare));
    loopback_up();
    if (job.has(kJobNetwork)) network_up();
    sethostname("vsoc", 4);
    driver_load(job);
    say(control, kSayReady, "");
    say(control, kSayExit, std::to_string(command_run(job, ports)));
    processes_end();
    const ModuleSymbols symbols = kmemleak_symbols();
    driver_unload(job);
    kmemleak_check(job, symbols);
  } catch (const std::exception& error) {
    say(control, kSayBroken, error.what());
  }
}

}  // namespace
}  // namespace qtee::vsoc

int main() {
  if (getpid() != 1) {
    std::fprintf(stderr, "vsoc-init is the first process of the virtual SoC's guest\n");
    return 2;
  }
  qtee::vsoc::run();
  sync();
  reboot(RB_POWER_OFF);
  return 1;  // and the kernel panics
}
