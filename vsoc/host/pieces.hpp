// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "options.hpp"

namespace qtee::vsoc {

// Where things are: the source tree, what was built in it, and what vsoc/setup made.
struct Pieces {
  std::filesystem::path tree;
  std::filesystem::path cache;
  std::filesystem::path toolchain;
  std::filesystem::path guest;   // the root that this run has
  std::filesystem::path kernel;  // of the chosen one

  std::filesystem::path firmware() const { return tree / "build/firmware/firmware.bin"; }
  std::filesystem::path overlay() const { return tree / "build/firmware/qtee.dtbo"; }
  std::filesystem::path guest_build() const { return tree / "build/guest"; }
  std::filesystem::path init() const { return guest_build() / "bin/vsoc-init"; }
  // Kept between runs, safe to remove at any time.
  std::filesystem::path scratch() const { return tree / "build/vsoc"; }
};

// Reads build/pieces and checks that all is there that a run needs. Throws std::runtime_error, which says what to do.
Pieces pieces_find(const std::filesystem::path& tree, const Options& options);

}  // namespace qtee::vsoc
