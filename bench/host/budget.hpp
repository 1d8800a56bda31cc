// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "symbols.hpp"

namespace qtee::bench {

/// What a part of a call takes.
struct BudgetLine {
  std::string phase;  // entry, front_end, marshal, copy, objects, transport or other
  std::string function;
  std::uint64_t instructions;
};

/// The kernel instructions of one call, function by function.
struct Budget {
  std::vector<BudgetLine> lines;  // the most first
  std::uint64_t total = 0;
  std::size_t calls = 0;  // complete ones that were seen
  std::size_t same = 0;   // of them, those with as many instructions as the one that this is of

  std::map<std::string, std::uint64_t> phases() const;
};

/// The phase that a function belongs to.
std::string budget_phase(const Function& function);

/// Reads QEMU's log of instructions, one a block: from one entry from a program to the return to it on the same CPU is
/// a call. What a call takes is the least of those that have as many instructions as the most have, or less by up to
/// 1 %. Throws std::runtime_error where there is none.
Budget budget_read(std::istream& log, const Symbols& symbols);

}  // namespace qtee::bench
