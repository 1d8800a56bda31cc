// SPDX-License-Identifier: BSD-3-Clause
#include "symbols.hpp"

#include <algorithm>
#include <istream>
#include <sstream>

namespace qtee::bench {

// "ffff800080010000 T vectors", "ffff80007a2c0000 t qtee_invoke\t[qtee]"
Symbols::Symbols(std::istream& kallsyms) {
  for (std::string line; std::getline(kallsyms, line);) {
    std::istringstream words(line);
    Function function;
    std::string type;
    words >> std::hex >> function.address >> type >> function.name;
    // Of the linker's and compiler's names none is a function.
    if (words.fail() || std::string("tTwW").find(type) == std::string::npos || function.name.starts_with("$")) continue;
    if (std::string module; words >> module && module.size() > 2) function.module = module.substr(1, module.size() - 2);
    functions_.push_back(std::move(function));
  }
  // Of names for one address the first stands.
  std::ranges::stable_sort(functions_, {}, &Function::address);
  const auto same = std::ranges::unique(functions_, {}, &Function::address);
  functions_.erase(same.begin(), same.end());
}

const Function* Symbols::at(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(functions_, address, {}, &Function::address);
  return after == functions_.begin() ? nullptr : &*std::prev(after);
}

std::uint64_t Symbols::address(const std::string& name) const {
  const auto found = std::ranges::find(functions_, name, &Function::name);
  return found == functions_.end() ? 0 : found->address;
}

}  // namespace qtee::bench
