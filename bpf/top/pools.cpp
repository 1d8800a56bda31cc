// SPDX-License-Identifier: BSD-3-Clause
#include "pools.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace qtee::bpf {
namespace {

constexpr std::array<std::pair<const char*, std::uint64_t Pool::*>, 9> kFiles = {{{"size", &Pool::size},
                                                                                  {"count", &Pool::count},
                                                                                  {"idle", &Pool::idle},
                                                                                  {"cached", &Pool::cached},
                                                                                  {"limit", &Pool::limit},
                                                                                  {"hits", &Pool::hits},
                                                                                  {"misses", &Pool::misses},
                                                                                  {"waits", &Pool::waits},
                                                                                  {"failures", &Pool::failures}}};

}  // namespace

Pool Pool::since(const Pool& last) const {
  Pool grown = *this;
  for (const auto member : {&Pool::hits, &Pool::misses, &Pool::waits, &Pool::failures, &Pool::waited_ns})
    grown.*member = this->*member > last.*member ? this->*member - last.*member : 0;
  return grown;
}

std::string pools_folder() {
  std::error_code none;
  // The driver may hold a second device, of which it makes no use.
  for (const auto& device : std::filesystem::directory_iterator("/sys/bus/platform/drivers/qtee", none))
    if (std::filesystem::is_directory(device.path() / "pools", none)) return device.path() / "pools";
  return "";
}

Pools pools_read(const std::string& folder) {
  Pools pools;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (!entry.is_directory(none)) continue;
    Pool pool;
    bool whole = true;
    for (const auto& [name, member] : kFiles) whole = whole && std::ifstream(entry.path() / name) >> pool.*member;
    if (whole) pools.emplace(entry.path().filename(), pool);
  }
  return pools;
}

}  // namespace qtee::bpf
