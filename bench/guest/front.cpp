// SPDX-License-Identifier: BSD-3-Clause
#include "front.hpp"

namespace qtee::bench {

std::function<void()> Front::in_place(std::size_t, std::size_t, std::span<const std::byte>) {
  throw Unsupported("arguments in place");
}

}  // namespace qtee::bench
