// SPDX-License-Identifier: BSD-3-Clause
//
// From what was seen to what to change. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "observation.hpp"

namespace qtee::tune {

/// A change that is proposed. Advice is for what no tunable of the driver's does: a program, or what only the platform
/// knows.
struct Proposal {
  enum class Kind { setting, advice };
  Kind kind = Kind::setting;
  std::string name;  // the tunable's; of advice, what it is about
  Values from;
  Values to;
  std::string reason;  // what was measured
  std::string gain;    // what is expected
  /// Kernel instructions that an invocation takes less on average, by the figures of costs.hpp.
  std::optional<double> instructions;
  /// Bytes of message buffers that are used less, or with a minus more, at most.
  std::optional<std::int64_t> memory;
};

/// What is proposed, the most useful first; empty where all is well or too little was seen.
std::vector<Proposal> propose(const Observation& seen);

/// The settings among proposals.
Settings proposed_settings(const std::vector<Proposal>& proposals);

/// Fewer invocations than this say nothing.
inline constexpr std::uint64_t kEnough = 8;

}  // namespace qtee::tune
