// SPDX-License-Identifier: BSD-3-Clause
#include "modules.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <thread>

#include "qtee/file_descriptor.hpp"
#include "tool.hpp"

namespace qtee::tune {
namespace {

namespace fs = std::filesystem;
using bpf::ToolError;

constexpr std::array kModules = {"qtee", "qtee_mem", "qtee_user", "qtee_tee"};
/// Parameters that can't be written, are no tunables, and have to be as they were.
constexpr std::array kOthers = {"transport", "shmbridge"};
constexpr int kTries = 50;
constexpr std::chrono::milliseconds kPause{100};

bool of_the_driver(const std::string& target) {
  return target == "/dev/qtee" || target == "/dev/qtee-ree" || target.starts_with("/dev/tee") ||
         target.find("anon_inode:[qtee-") != target.npos || target.find("anon_inode:qtee-") != target.npos ||
         target.find("anon_inode:[tee_shm") != target.npos || target.find("anon_inode:tee_shm") != target.npos;
}

bool has_open(const fs::path& process) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
    std::error_code gone;
    if (of_the_driver(fs::read_symlink(entry.path(), gone).string())) return true;
  }
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("anon_inode:[qtee-") != line.npos || line.find("tee_shm") != line.npos) return true;
  return false;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Of parameters that this program does not know: what can be written may be another than by default.
bool writable(const fs::directory_entry& file) {
  std::error_code error;
  return (file.status(error).permissions() & fs::perms::owner_write) != fs::perms::none;
}

/// What QTEE still holds pins a module; its releases ride on its answers, which this asks for.
void flush() {
  std::error_code error;
  for (const auto& device : fs::directory_iterator("/sys/bus/platform/drivers/qtee", error)) {
    const FileDescriptor file(::open((device.path() / "objects/flush").c_str(), O_WRONLY | O_CLOEXEC));
    [[maybe_unused]] const ssize_t written = file ? ::write(file.get(), "1\n", 2) : 0;
  }
}

/// Returns 0 or an errno.
int modprobe(const std::string& module, const std::vector<std::string>& options) {
  std::vector<const char*> words = {"modprobe", module.c_str()};
  for (const std::string& option : options) words.push_back(option.c_str());
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    ::execvp(words[0], const_cast<char* const*>(words.data()));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? 0 : EINVAL;
}

}  // namespace

std::vector<std::string> driver_clients() {
  std::vector<std::string> clients;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != pid.npos || !has_open(entry.path())) continue;
    clients.push_back(fmt::format("{} ({})", pid, text_of(entry.path() / "comm")));
  }
  return clients;
}

Modules::Modules(std::string folder, const Settings& now) : folder_(std::move(folder)) {
  for (const char* name : kModules) {
    const fs::path module = fs::path("/sys/module") / name;
    if (!fs::exists(module)) continue;
    if (!folder_.empty() && !fs::exists(fmt::format("{}/{}.ko", folder_, name)))
      throw ToolError(fmt::format("{}/{}.ko is not there: the driver could not be loaded again", folder_, name));
    Module known{name, {}};
    std::error_code error;
    for (const auto& file : fs::directory_iterator(module / "parameters", error)) {
      const std::string parameter = file.path().filename();
      const bool tunes = std::ranges::find(tunables(), parameter, &Tunable::name) != tunables().end();
      // Limits of classes may have been changed since.
      if (const auto found = now.find(parameter); tunes && found != now.end())
        known.parameters.emplace_back(parameter, values_format(found->second));
      else if (tunes || std::ranges::find(kOthers, parameter) != kOthers.end() || writable(file))
        known.parameters.emplace_back(parameter, text_of(file.path()));
    }
    modules_.push_back(std::move(known));
  }
  if (modules_.empty()) throw ToolError("the driver is not loaded");
}

void Modules::load(const Module& module, const Settings& settings) const {
  std::vector<std::string> options;
  for (const auto& [name, value] : module.parameters) {
    const auto found = settings.find(name);
    options.push_back(fmt::format("{}={}", name, found == settings.end() ? value : values_format(found->second)));
  }
  int error = 0;
  if (folder_.empty()) {
    error = modprobe(module.name, options);
  } else {
    const std::string path = fmt::format("{}/{}.ko", folder_, module.name);
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string words = fmt::format("{}", fmt::join(options, " "));
    if (!file || ::syscall(SYS_finit_module, file.get(), words.c_str(), 0) != 0) error = errno;
  }
  if (error && error != EEXIST)
    throw ToolError(fmt::format("{} can't be loaded with {}: {}; the kernel's log says why", module.name,
                                fmt::join(options, " "), std::strerror(error)));
}

void Modules::load_all(const Settings& settings) const {
  for (const Module& module : modules_)
    if (!bpf::module_loaded(module.name)) load(module, settings);
}

void Modules::unload_all() const {
  for (const Module& module : modules_ | std::views::reverse) {
    for (int tries = 0; bpf::module_loaded(module.name); ++tries) {
      if (::syscall(SYS_delete_module, module.name.c_str(), O_NONBLOCK) == 0) break;
      const int error = errno;
      if (error != EAGAIN && error != EBUSY)
        throw ToolError(fmt::format("{} can't be unloaded: {}", module.name, std::strerror(error)));
      if (tries == kTries)
        throw ToolError(
            fmt::format("{} is in use: a client, one in the kernel, or objects that QTEE holds", module.name));
      flush();
      std::this_thread::sleep_for(kPause);
    }
  }
}

void Modules::reload(const Settings& settings) const {
  const std::vector<std::string> clients = driver_clients();
  if (!clients.empty())
    throw ToolError(
        fmt::format("clients of the driver are open: {}; end them first, since the driver has to be loaded anew",
                    fmt::join(clients, ", ")));
  // As it was, whatever of it there is.
  try {
    unload_all();
  } catch (const std::exception&) {
    load_all({});
    throw;
  }
  try {
    load_all(settings);
  } catch (const std::exception&) {
    unload_all();
    load_all({});
    throw;
  }
}

}  // namespace qtee::tune
