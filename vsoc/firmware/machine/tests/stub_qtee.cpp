// SPDX-License-Identifier: BSD-3-Clause
//
// Stands in for the QTEE layer to try the machine alone: answers Linux's convention probe and nothing else.
#include "qtee/firmware.hpp"

namespace qtee::fw {
namespace {
Machine* the_machine;
}

void firmware_start(Machine& machine, std::span<std::byte>) {
  the_machine = &machine;
  machine.log("stub QTEE layer");
}

void firmware_smc(SmcFrame& frame) {
  const auto function = static_cast<std::uint32_t>(frame.x[0]);
  const bool probe = (function == 0xC2000601 || function == 0x42000601) && frame.x[2] == 0x02000601;
  frame.x[0] = probe ? 0 : ~std::uint64_t{0};
  if (probe) frame.x[1] = 1;
}

bool firmware_report_at_exit() { return true; }

}  // namespace qtee::fw
