// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace qtee::vsoc {

// Names for addresses in the kernel's modules, to be taken while these are loaded: a report that is written when a
// module is gone has addresses only.
class ModuleSymbols {
 public:
  ModuleSymbols() = default;
  // From the texts of /proc/modules and /proc/kallsyms.
  ModuleSymbols(const std::string& modules, const std::string& symbols);
  // The text with `symbol+0xoffset [module]` in place of each address in a module, written as 0x and 16 digits.
  std::string name_addresses(const std::string& text) const;

 private:
  struct Module {
    std::string name;
    std::uint64_t end;
  };

  std::map<std::uint64_t, Module> modules_;       // by start
  std::map<std::uint64_t, std::string> symbols_;  // of modules, by address
};

}  // namespace qtee::vsoc
