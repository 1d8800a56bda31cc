// SPDX-License-Identifier: BSD-3-Clause
#include "sysfs.hpp"

#include <filesystem>

namespace qtee::test {

std::string device_folder() {
  for (const auto& entry : std::filesystem::directory_iterator("/sys/bus/platform/drivers/qtee"))
    if (std::filesystem::exists(entry.path() / "statistics")) return entry.path();
  throw std::runtime_error("the driver has no device");
}

}  // namespace qtee::test
