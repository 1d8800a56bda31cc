// SPDX-License-Identifier: BSD-3-Clause
#include <optional>

#include "../../tests/bpf/tool.hpp"
#include "kernel_trace.hpp"
#include "suite.hpp"

namespace qtee::bench {

Paths suite_tracing(Bench& bench) {
  if (!bench.ours) return {};
  Front& front = *bench.front;
  const auto null = [&front] { front.null(); };
  Paths paths;
  paths.push_back({.name = "tracing/off", .work = null});
  const auto trace = std::make_shared<std::optional<test::KernelTrace>>();
  paths.push_back({.name = "tracing/events",
                   .work = null,
                   .setup =
                       [trace] {
                         trace->emplace(std::vector<std::string>{"qtee:"});
                         (*trace)->start();
                       },
                   .teardown = [trace] { trace->reset(); }});
  for (const char* name : {"qtee-lat", "qtee-top", "qtee-slow", "qtee-stacks", "qtee-trace", "qtee-exporter"}) {
    const auto tool = std::make_shared<std::optional<test::Tool>>();
    paths.push_back({.name = std::string("tracing/") + name,
                     .work = null,
                     .setup = [tool, name] { tool->emplace(std::vector<std::string>{name}); },
                     .teardown = [tool] { tool->reset(); },
                     .slow = true});
  }
  return paths;
}

}  // namespace qtee::bench
