// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "options.hpp"
#include "pieces.hpp"
#include "session.hpp"

int main(int argc, char** argv) {
  using namespace qtee::vsoc;
  const char* tree = std::getenv("QTEE_TREE");
  if (tree == nullptr) {
    fmt::print(stderr, "vsoc-run is started by vsoc/run\n");
    return kStatusUsage;
  }
  try {
    Options options;
    int status = 0;
    if (!options_read(argc, argv, options, status)) return status;
    return session_run(options, pieces_find(tree, options.kernel));
  } catch (const std::exception& error) {
    fmt::print(stderr, "vsoc/run: {}\n", error.what());
    return kStatusMachine;
  }
}
