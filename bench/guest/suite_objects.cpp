// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include "suite.hpp"

namespace qtee::bench {

Paths suite_objects(Bench& bench) {
  Front& front = *bench.front;
  const auto create = [&front] { front.create(); };
  Paths paths;
  // What was made before is let go by create() itself, so that needs a release() first.
  paths.push_back({.name = "objects/create",
                   .work = create,
                   .before = [&front] { front.release(); },
                   .setup = create,
                   .teardown = [&front] { front.release(); }});
  paths.push_back({.name = "objects/pass", .work = [&front] { front.arguments(Front::Kind::input_object, 1); }});
  paths.push_back({.name = "objects/release", .work = [&front] { front.release(); }, .before = create});
  for (const unsigned count : {1u, 40u, 1000u})
    paths.push_back({.name = fmt::format("objects/close_{}", count),
                     .work = [&front] { front.close_objects(); },
                     .before = [&front, count] { front.open_objects(count); },
                     .counted = false,
                     .slow = count > 40});
  return paths;
}

}  // namespace qtee::bench
