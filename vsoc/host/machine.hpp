// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "file.hpp"
#include "options.hpp"
#include "pieces.hpp"

namespace qtee::vsoc {

// The far ends of what vsoc-run listens and talks to; QEMU inherits the near ones.
struct MachineStreams {
  Fd console;  // the kernel's
  Fd secure;   // the firmware's
  Fd qemu;     // QEMU's own words
  Fd control;  // and the ports of vsoc/job.hpp
  Fd in;
  Fd out;
  Fd err;
};

// One QEMU. Its death is bound to this process's, whatever ends that.
class Machine {
 public:
  // Boots. Throws std::exception where something is missing; what QEMU objects to comes on the `qemu` stream.
  Machine(const Options& options, const Pieces& pieces);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  MachineStreams& streams() { return streams_; }
  // Becomes readable when QEMU has ended.
  int pidfd() const { return pidfd_.get(); }
  // Waits for the end. Returns QEMU's exit status, 128 + N for signal N.
  int wait();
  // Ends it at once.
  void kill();

 private:
  MachineStreams streams_;
  Fd pidfd_;
  int pid_ = -1;
  int status_ = -1;
};

}  // namespace qtee::vsoc
