// SPDX-License-Identifier: BSD-3-Clause
//
// Who answers which SMC, by the owner field of the SMC Calling Convention.
#include <cstdint>

#include "psci.hpp"
#include "qtee/firmware.hpp"

namespace qtee::machine {
namespace {

constexpr std::uint64_t kNotSupported = ~std::uint64_t{0};

enum Owner : std::uint32_t { kArch = 0, kSip = 2, kStandard = 4, kTrustedOs = 50 };
constexpr std::uint32_t kFast = 1u << 31;

constexpr std::uint32_t kSmcccVersion = 0x80000000;
constexpr std::uint32_t kArchFeatures = 0x80000001;
constexpr std::uint32_t kWorkaround1 = 0x80008000;  // branch predictor
constexpr std::uint32_t kWorkaround2 = 0x80007fff;  // speculative store bypass
constexpr std::uint32_t kWorkaround3 = 0x80003fff;  // branch history

constexpr std::uint64_t kSmcccVersion12 = 1 << 16 | 2;
constexpr std::uint64_t kUnaffected = 1;
constexpr std::uint64_t kNotRequired = static_cast<std::uint64_t>(-2);

// An emulated CPU speculates nothing: each workaround is answered so that the kernel takes its cheap path.
std::uint64_t arch_features(std::uint32_t function) {
  switch (function) {
    case kSmcccVersion:
    case kArchFeatures:
      return 0;
    case kWorkaround1:
    case kWorkaround3:
      return kUnaffected;
    case kWorkaround2:
      return kNotRequired;
    default:
      return kNotSupported;
  }
}

std::uint64_t arch_smc(const fw::SmcFrame& frame) {
  switch (static_cast<std::uint32_t>(frame.x[0])) {
    case kSmcccVersion:
      return kSmcccVersion12;
    case kArchFeatures:
      return arch_features(static_cast<std::uint32_t>(frame.x[1]));
    default:
      return kNotSupported;
  }
}

}  // namespace

// From vectors.S. The frame goes back to the caller's x0-x7 as it is left.
extern "C" void smc_dispatch(fw::SmcFrame& frame);

void smc_dispatch(fw::SmcFrame& frame) {
  const auto function = static_cast<std::uint32_t>(frame.x[0]);
  switch (function >> 24 & 0x3f) {
    case kTrustedOs:
    case kSip:
      return fw::firmware_smc(frame);
    case kStandard:
      return psci_smc(frame);
    case kArch:
      // Linux goes on with an interrupted SCM call by SMC 1, which no owner would claim.
      if (function == 1) return fw::firmware_smc(frame);
      frame.x[0] = function & kFast ? arch_smc(frame) : kNotSupported;
      return;
    default:
      frame.x[0] = kNotSupported;
  }
}

}  // namespace qtee::machine
