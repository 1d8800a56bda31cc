// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qtee::vsoc {

// A node for our driver, as docs/devicetree has it.
struct QteeNode {
  std::vector<std::pair<std::string, std::uint32_t>> properties;  // beside compatible, one cell each
};

struct DeviceTreeSettings {
  std::string boot_arguments;
  std::uint64_t initrd_size;     // bytes at kInitrdBase
  std::optional<QteeNode> node;  // none: the driver finds QTEE by itself
};

// QEMU's tree for the board with the overlay applied, PSCI for every CPU and the settings. Throws std::runtime_error.
std::string device_tree_make(std::string_view board, std::string_view overlay, const DeviceTreeSettings& settings);

}  // namespace qtee::vsoc
