// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qtee::vsoc {

struct DeviceTreeSettings {
  std::string boot_arguments;
  std::uint64_t initrd_size;  // bytes at kInitrdBase
};

// QEMU's tree for the board with the overlay applied, PSCI for every CPU and the settings. Throws std::runtime_error.
std::string device_tree_make(std::string_view board, std::string_view overlay, const DeviceTreeSettings& settings);

}  // namespace qtee::vsoc
