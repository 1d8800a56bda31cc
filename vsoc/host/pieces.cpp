// SPDX-License-Identifier: BSD-3-Clause
#include "pieces.hpp"

#include <fmt/core.h>

#include <fstream>
#include <map>
#include <stdexcept>

namespace qtee::vsoc {

Pieces pieces_find(const std::filesystem::path& tree, const Options& options) {
  std::ifstream file(tree / "build/pieces");
  if (!file) throw std::runtime_error("nothing is set up; run make");
  std::map<std::string, std::string> paths;
  for (std::string line; std::getline(file, line);)
    if (const auto at = line.find('='); at != line.npos) paths[line.substr(0, at)] = line.substr(at + 1);
  const Pieces pieces{tree, paths["cache"], paths["toolchain"], paths[options.tools ? "guest-tools" : "guest"],
                      paths["kernel-" + options.kernel]};
  if (!std::filesystem::is_directory(pieces.kernel))
    throw std::runtime_error(
        fmt::format("the kernel {0} is not in the cache; run vsoc/setup kernel-{0}", options.kernel));
  if (options.tools && !std::filesystem::is_directory(pieces.guest))
    throw std::runtime_error("bpftrace and perf are not in the cache; run vsoc/setup guest-tools");
  for (const auto& path : {pieces.toolchain, pieces.guest})
    if (!std::filesystem::is_directory(path))
      throw std::runtime_error(fmt::format("{} is not in the cache; run vsoc/setup", path.string()));
  for (const auto& path : {pieces.firmware(), pieces.overlay(), pieces.init()})
    if (!std::filesystem::exists(path))
      throw std::runtime_error(fmt::format("{} is not built; run make vsoc", path.string()));
  return pieces;
}

}  // namespace qtee::vsoc
