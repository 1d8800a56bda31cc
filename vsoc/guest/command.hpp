// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "job.hpp"

namespace qtee::vsoc {

struct Ports {
  int control;
  int in;
  int out;
  int err;
};

// Runs the job's command between the ports until it ends and its output is through. Returns its exit status, 128 + N
// for signal N, 126 where it can't be run and 127 where it isn't there. Throws Broken.
int command_run(const Job& job, const Ports& ports);

}  // namespace qtee::vsoc
