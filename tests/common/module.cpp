// SPDX-License-Identifier: BSD-3-Clause
#include "module.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {

int module_load(const std::string& name, const std::string& options) {
  const char* kernel = std::getenv("QTEE_KERNEL");
  const std::string path = std::string("/qtee/modules/") + (kernel != nullptr ? kernel : "") + "/" + name + ".ko";
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno;
  return ::syscall(SYS_finit_module, file.get(), options.c_str(), 0) != 0 ? errno : 0;
}

int module_unload(const std::string& name) {
  return ::syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) != 0 ? errno : 0;
}

bool module_loaded(const std::string& name) { return std::filesystem::exists("/sys/module/" + name); }

std::vector<std::string> driver_unload() {
  std::vector<std::string> modules;
  for (const char* name : {"qtee_tee", "qtee_user", "qtee_mem", "qtee"}) {
    if (!module_loaded(name)) continue;
    int error = 0;
    for (int i = 0; i < 100 && (error = module_unload(name)) != 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (error) throw std::system_error(error, std::generic_category(), std::string("unload ") + name);
    modules.insert(modules.begin(), name);
  }
  return modules;
}

}  // namespace qtee::test
