// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "families.hpp"

namespace qtee::bpf {

/// What the driver tells of itself in sysfs, as metrics. Nothing where it is not there, or is just going.
void driver_files_read(const std::filesystem::path& sys, Families& families);

}  // namespace qtee::bpf
