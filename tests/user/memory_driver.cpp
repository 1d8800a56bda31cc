// SPDX-License-Identifier: BSD-3-Clause
#include "memory_driver.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {
namespace {

std::string file_read(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  if (!std::getline(file, text)) throw std::runtime_error("can't read " + path);
  return text;
}

void file_write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  if (!(file << text << std::flush)) throw std::runtime_error("can't write " + path);
}

}  // namespace

void module_unload(const std::string& name) {
  if (::syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "unload " + name);
}

void module_load(const std::string& name) {
  const char* kernel = std::getenv("QTEE_KERNEL");
  const std::string path = std::string("/qtee/modules/") + (kernel != nullptr ? kernel : "") + "/" + name + ".ko";
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (::syscall(SYS_finit_module, file.get(), "", 0) != 0)
    throw std::system_error(errno, std::generic_category(), "load " + path);
}

bool module_loaded(const std::string& name) { return std::filesystem::exists("/sys/module/" + name); }

long memory_stat(const std::string& name) {
  return std::stol(file_read("/sys/bus/platform/devices/qcomtee/memory/" + name));
}

long memory_stat_until(const std::string& name, long value) {
  using namespace std::chrono_literals;
  long now = memory_stat(name);
  for (int i = 0; i < 500 && now != value; ++i) {
    std::this_thread::sleep_for(10ms);
    now = memory_stat(name);
  }
  return now;
}

MemoryParameter::MemoryParameter(const std::string& name, unsigned value, const std::string& module)
    : path_("/sys/module/" + module + "/parameters/" + name), before_(file_read(path_)) {
  file_write(path_, std::to_string(value));
}

MemoryParameter::~MemoryParameter() { file_write(path_, before_); }

}  // namespace qtee::test
