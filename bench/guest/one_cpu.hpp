// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "path.hpp"

namespace qtee::bench {

/// The path, with all threads of this process on one CPU while it is measured. Where threads wake each other up across
/// CPUs, what an idle CPU of the emulator takes to begin again is several times what is to be measured, and the same
/// for all drivers.
Path on_one_cpu(Path path);

}  // namespace qtee::bench
