// SPDX-License-Identifier: BSD-3-Clause
//
// libFuzzer's way into the QTEE layer. QTEE_FUZZ_LOG=1 in the environment shows the firmware's log.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "player.hpp"
#include "qtee/report.hpp"

namespace {

constexpr std::size_t kHeap = 3u << 20;

void fail(const char* what) {
  std::fprintf(stderr, "invariant broken: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qtee::fw;
  static std::byte* const heap = static_cast<std::byte*>(std::aligned_alloc(4096, kHeap));
  static std::byte* const ram = static_cast<std::byte*>(std::aligned_alloc(4096, fuzz::Player::kRam));
  static const bool verbose = std::getenv("QTEE_FUZZ_LOG") != nullptr;
  std::memset(ram, 0, fuzz::Player::kRam);
  fuzz::FuzzMachine machine({ram, fuzz::Player::kRam}, verbose);
  firmware_start(machine, {heap, kHeap});
  const std::uint64_t heap_used = report_make().heap_used;
  fuzz::Player player(machine, {ram, fuzz::Player::kRam}, {data, size});
  player.play();
  if (const char* broken = player.finish(); broken != nullptr) fail(broken);
  const auto report = report_make();
  if (report.tee_references == 0 && report.calls_in_flight == 0 && report.ns_releases_queued == 0 &&
      report.tee_objects == 0 && report.heap_used != heap_used) {
    std::fprintf(stderr, "heap: %llu at the start, %llu at the end\n", static_cast<unsigned long long>(heap_used),
                 static_cast<unsigned long long>(report.heap_used));
    fail("the heap is not as it was");
  }
  return 0;
}
