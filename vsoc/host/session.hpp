// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "machine.hpp"
#include "options.hpp"
#include "pieces.hpp"

namespace qtee::vsoc {

// Boots a machine, is its command's input and output until it ends, and judges how it went. Returns the exit status of
// vsoc/run; what is wrong is said on stderr. Throws std::exception where no machine could be made.
int session_run(const Options& options, const Pieces& pieces);

}  // namespace qtee::vsoc
