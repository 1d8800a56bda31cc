// SPDX-License-Identifier: BSD-3-Clause
#include "kernel.hpp"

#include <fcntl.h>
#include <sys/klog.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace qtee::test {
namespace {

// Of klogctl(2), which has no names for them.
constexpr int kLogReadAll = 3;
constexpr int kLogSize = 10;

}  // namespace

std::string file_read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::string result = text.str();
  if (result.ends_with('\n')) result.pop_back();
  return result;
}

std::string driver_of(const std::filesystem::path& device) {
  std::error_code none;
  return std::filesystem::read_symlink(device / "driver", none).filename();
}

int module_load(const std::string& name) {
  const std::string path = std::string("/qtee/modules/") + std::getenv("QTEE_KERNEL") + "/" + name + ".ko";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = syscall(SYS_finit_module, fd, "", 0) != 0 ? errno : 0;
  close(fd);
  return error;
}

int module_unload(const std::string& name) {
  return syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) != 0 ? errno : 0;
}

bool modprobe(const std::string& name) { return std::system(("modprobe " + name).c_str()) == 0; }

std::string kernel_log() {
  std::string text(std::max(klogctl(kLogSize, nullptr, 0), 0), '\0');
  text.resize(std::max(klogctl(kLogReadAll, text.data(), static_cast<int>(text.size())), 0));
  return text;
}

}  // namespace qtee::test
