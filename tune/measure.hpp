// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "comparison.hpp"
#include "options.hpp"

namespace qtee::tune {

/// One run of the load.
struct Round {
  std::uint64_t invocations;
  double instructions;  // of the kernel's, an invocation; less than 0 where they can't be counted
  double misses;        // of buffers that were ready, of a thousand invocations
  double list_misses;   // of pairs in the CPU's own list, of a thousand invocations
  double failures;      // invocations that waited for a buffer or had none
  double cpu_ns;        // an invocation
  double elapsed_ns;    // an invocation
  double pool_bytes;    // at the end
};

/// Runs the command so often, after once that does not count; its output is dropped unless options.verbose. Throws
/// ToolError where it fails, invokes nothing, or a signal comes.
std::vector<Round> measure(const bpf::Options& options, unsigned rounds);

/// What the rounds have measured, before and after.
std::vector<Measure> measures(const std::vector<Round>& before, const std::vector<Round>& after);

}  // namespace qtee::tune
