// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "options.hpp"
#include "pieces.hpp"
#include "session.hpp"

int main(int argc, char** argv) {
  using namespace qtee::vsoc;
  // A standard stream that is closed must not become one of ours.
  for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = dup(fd)) {
    if (fd <= 2) continue;
    close(fd);
    break;
  }
  const char* tree = std::getenv("QTEE_TREE");
  if (tree == nullptr) {
    fmt::print(stderr, "vsoc-run is started by vsoc/run\n");
    return kStatusUsage;
  }
  try {
    Options options;
    int status = 0;
    if (!options_read(argc, argv, options, status)) return status;
    return session_run(options, pieces_find(tree, options));
  } catch (const std::exception& error) {
    fmt::print(stderr, "vsoc/run: {}\n", error.what());
    return kStatusMachine;
  }
}
