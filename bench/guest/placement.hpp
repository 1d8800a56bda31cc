// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "path.hpp"

namespace qtee::bench {

/// The path, with all threads of this process on one CPU while it is measured: nothing is done at once there, nobody
/// can poll, and no CPU is idle, whose wake-up takes an emulator several times what is to be measured.
Path on_one_cpu(Path path);

/// The path, with the thread that measures on one CPU and all others of this process on another.
Path on_two_cpus(Path path);

}  // namespace qtee::bench
