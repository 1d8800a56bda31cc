// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace qtee::machine {

// The size that /memory gives for the RAM at kRamBase; 0 where the tree is malformed or has no such node.
std::uint64_t device_tree_ram_size(std::span<const std::byte> blob);

}  // namespace qtee::machine
