// SPDX-License-Identifier: BSD-3-Clause
#include "kernel.hpp"

#include <sys/klog.h>

#include <algorithm>
#include <cstdlib>

namespace qtee::test {
namespace {

// Of klogctl(2), which has no names for them.
constexpr int kLogReadAll = 3;
constexpr int kLogSize = 10;

}  // namespace

std::string driver_of(const std::filesystem::path& device) {
  std::error_code none;
  return std::filesystem::read_symlink(device / "driver", none).filename();
}

bool modprobe(const std::string& name) { return std::system(("modprobe " + name).c_str()) == 0; }

std::string kernel_log() {
  std::string text(std::max(klogctl(kLogSize, nullptr, 0), 0), '\0');
  text.resize(std::max(klogctl(kLogReadAll, text.data(), static_cast<int>(text.size())), 0));
  return text;
}

}  // namespace qtee::test
