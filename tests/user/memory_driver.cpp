// SPDX-License-Identifier: BSD-3-Clause
#include "memory_driver.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
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

void memory_module_unload() {
  if (::syscall(SYS_delete_module, "qtee_mem", O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "unload qtee_mem");
}

void memory_module_load() {
  utsname kernel{};
  ::uname(&kernel);
  const std::string mark = std::string("vermagic=") + kernel.release + " ";
  for (const auto& folder : std::filesystem::directory_iterator("/qtee/modules")) {
    const std::string path = folder.path() / "qtee_mem.ko";
    std::ifstream file(path, std::ios::binary);
    const std::string module{std::istreambuf_iterator<char>(file), {}};
    if (module.find(mark) == module.npos) continue;
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (::syscall(SYS_finit_module, fd.get(), "", 0) == 0) return;
    throw std::system_error(errno, std::generic_category(), "load " + path);
  }
  throw std::runtime_error("no qtee_mem.ko for " + mark);
}

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

MemoryParameter::MemoryParameter(const std::string& name, unsigned value)
    : path_("/sys/module/qtee_mem/parameters/" + name), before_(file_read(path_)) {
  file_write(path_, std::to_string(value));
}

MemoryParameter::~MemoryParameter() { file_write(path_, before_); }

}  // namespace qtee::test
