// SPDX-License-Identifier: BSD-3-Clause
#include "endless.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace qtee::bench {
namespace {

constexpr int kWarmRuns = 1000;

volatile std::sig_atomic_t endless_stop = 0;

}  // namespace

void endless_run(const Paths& paths, const std::string& name, const std::string& ready, const std::string& text) {
  const auto path = std::ranges::find(paths, name, &Path::name);
  if (path == paths.end()) throw std::runtime_error("there is no path " + name);
  std::signal(SIGTERM, [](int) { endless_stop = 1; });
  const auto once = [&] {
    if (path->before) path->before();
    path->work();
  };
  if (path->setup) path->setup();
  for (int i = 0; i < kWarmRuns; ++i) once();
  // Whoever waits for it finds it whole.
  std::ofstream(ready + ".new") << text;
  std::filesystem::rename(ready + ".new", ready);
  while (!endless_stop) once();
  if (path->teardown) path->teardown();
}

}  // namespace qtee::bench
