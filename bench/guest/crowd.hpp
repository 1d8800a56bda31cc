// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>

namespace qtee::bench {

/// What threads that did the same at once took.
struct CrowdResult {
  double seconds = 0;            // from when all could begin until the last one ended
  double lock_contentions = -1;  // of all threads, by the trace event lock:contention_begin; negative: not known
};

/// Has so many threads call `work(thread)` so many times each, thread by thread on one CPU after the other. Throws what
/// one of them throws.
CrowdResult crowd_run(unsigned threads, unsigned times, const std::function<void(unsigned)>& work);

}  // namespace qtee::bench
