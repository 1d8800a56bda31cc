// SPDX-License-Identifier: BSD-3-Clause
#include "suite.hpp"

namespace qtee::bench {
namespace {

// The page allocator's largest block: mainline takes memory from nowhere else, and the kernel warns of what asks for
// more.
constexpr std::size_t kLargestBlock = std::size_t{4} << 20;

}  // namespace

Paths suite_memory(Bench& bench) {
  Front& front = *bench.front;
  const auto pass = [&front] { front.memory_pass(); };
  const auto drop = [&front] { front.memory_drop(); };
  Paths paths;
  // Copying as much is invoke/64KiB and invoke/1MiB_in.
  for (const std::size_t size : {std::size_t{4} << 10, std::size_t{64} << 10, std::size_t{1} << 20,
                                 std::size_t{4} << 20, std::size_t{16} << 20, std::size_t{64} << 20}) {
    if (!bench.ours && size > kLargestBlock) continue;
    const auto make = [&front, size] { front.memory_make(size); };
    const bool slow = size != std::size_t{1} << 20;
    paths.push_back({.name = "memory/" + size_name(size), .work = pass, .setup = make, .teardown = drop, .slow = slow});
    // How much it takes to make one is the page allocator's, and not the same from boot to boot.
    paths.push_back({.name = "memory/" + size_name(size) + "_first",
                     .work =
                         [make, pass] {
                           make();
                           pass();
                         },
                     .before = drop,
                     .teardown = drop,
                     .counted = false,
                     .slow = slow});
  }
  return paths;
}

}  // namespace qtee::bench
