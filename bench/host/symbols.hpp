// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace qtee::bench {

/// A function of the kernel's.
struct Function {
  std::uint64_t address = 0;
  std::string name;
  std::string module;  // empty: the kernel itself
};

/// Where the kernel's functions are, by its /proc/kallsyms.
class Symbols final {
 public:
  explicit Symbols(std::istream& kallsyms);
  /// The function that an address is in, or nullptr.
  const Function* at(std::uint64_t address) const;
  /// The address of a function; 0 where there is none.
  std::uint64_t address(const std::string& name) const;

 private:
  std::vector<Function> functions_;  // by address
};

}  // namespace qtee::bench
