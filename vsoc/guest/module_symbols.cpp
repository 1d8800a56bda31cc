// SPDX-License-Identifier: BSD-3-Clause
#include "module_symbols.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace qtee::vsoc {
namespace {

constexpr std::size_t kAddressDigits = 16;

}  // namespace

ModuleSymbols::ModuleSymbols(const std::string& modules, const std::string& symbols) {
  std::istringstream module_lines(modules);
  for (std::string line; std::getline(module_lines, line);) {
    // name size references users state 0xaddress
    char name[64];
    std::uint64_t size, start;
    if (std::sscanf(line.c_str(), "%63s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &size, &start) == 3)
      modules_[start] = {name, start + size};
  }
  std::istringstream symbol_lines(symbols);
  for (std::string line; std::getline(symbol_lines, line);) {
    // address type name, and for a module's: TAB [module]
    char name[256];
    std::uint64_t address;
    if (line.ends_with(']') && std::sscanf(line.c_str(), "%" SCNx64 " %*c %255s", &address, name) == 2)
      symbols_[address] = name;
  }
}

std::string ModuleSymbols::name_addresses(const std::string& text) const {
  std::string named;
  for (std::size_t at = 0; at < text.size();) {
    char* end = nullptr;
    const char* digits = text.c_str() + at + 2;
    if (text.compare(at, 2, "0x") != 0) {
      named += text[at++];
      continue;
    }
    const std::uint64_t address = std::strtoull(digits, &end, 16);
    const std::size_t length = static_cast<std::size_t>(end - digits);
    const auto module = modules_.upper_bound(address);
    const auto symbol = symbols_.upper_bound(address);
    if (length == kAddressDigits && module != modules_.begin() && symbol != symbols_.begin() &&
        address < std::prev(module)->second.end) {
      char offset[32];
      std::snprintf(offset, sizeof offset, "+%#" PRIx64, address - std::prev(symbol)->first);
      named += std::prev(symbol)->second + offset + " [" + std::prev(module)->second.name + "]";
    } else {
      named.append(text, at, 2 + length);
    }
    at += 2 + length;
  }
  return named;
}

}  // namespace qtee::vsoc
