// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "front.hpp"
#include "path.hpp"

namespace qtee::bench {

/// What a suite measures with. It outlives the paths.
struct Bench {
  /// Paths of the front ends and drivers; without one, those of the floors.
  Front* front = nullptr;
  /// Another client of the same kind.
  std::function<std::unique_ptr<Front>()> front_make;
  /// Our driver is loaded.
  bool ours = false;
};

Paths suite_floor();
Paths suite_invoke(Bench& bench);
Paths suite_objects(Bench& bench);
Paths suite_callbacks(Bench& bench);
Paths suite_memory(Bench& bench);
Paths suite_threads(Bench& bench);
Paths suite_tracing(Bench& bench);
Paths suite_pools(Bench& bench);

/// "64B", "4KiB", "1MiB".
std::string size_name(std::size_t size);

}  // namespace qtee::bench
