// SPDX-License-Identifier: BSD-3-Clause
#include "module.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/module.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <ranges>
#include <sstream>
#include <vector>

#include "error.hpp"
#include "vsoc/job.hpp"

namespace qtee::vsoc {
namespace {

constexpr int kUnloadTries = 100;
constexpr useconds_t kUnloadPause = 50'000;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty() && line[0] != '#') result.push_back(line);
  return result;
}

// The name that the kernel knows a module file by.
std::string module_name(std::string file) {
  file = file.substr(file.rfind('/') + 1);
  file = file.substr(0, file.find('.'));
  std::ranges::replace(file, '-', '_');
  return file;
}

std::string module_parameters(const Job& job, const std::string& module) {
  std::string text;
  for (const std::string& parameter : job.all(kJobParameter))
    if (parameter.starts_with(module + ".")) text += (text.empty() ? "" : " ") + parameter.substr(module.size() + 1);
  return text;
}

std::string driver_folder(const Job& job) { return "/qtee/modules/" + job.one(kJobKernel); }

// A module of the driver, and the kernel's own modules that it needs, which stay loaded: others may use them.
struct DriverModule {
  std::string file;
  std::vector<std::string> needs;
};

// The modules of the driver, in loading order.
std::vector<DriverModule> driver_modules(const Job& job) {
  if (job.one(kJobDriver) == "mainline") return {{"qcomtee", {}}};
  std::vector<DriverModule> modules;
  if (job.one(kJobDriver) != "qtee") return modules;
  for (const std::string& line : lines(file_read(driver_folder(job) + "/modules.load"))) {
    std::istringstream words(line);
    DriverModule& module = modules.emplace_back();
    words >> module.file;
    for (std::string word; words >> word;) module.needs.push_back(word);
  }
  return modules;
}

bool module_is_loaded(const std::string& name) {
  return std::ranges::any_of(lines(file_read("/proc/modules")),
                             [&](const std::string& line) { return line.starts_with(name + " "); });
}

}  // namespace

void module_probe(const std::string& module, const std::string& parameters) {
  const pid_t child = fork();
  if (child < 0) broken_errno("fork");
  if (child == 0) {
    std::vector<std::string> words{"modprobe", module};
    std::istringstream stream(parameters);
    for (std::string word; stream >> word;) words.push_back(word);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv("/usr/sbin/modprobe", argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) throw Broken("modprobe " + module + " failed; its message is in the console's log");
}

void module_load(const std::string& path, const std::string& parameters) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) broken_errno(path);
  const int flags = path.ends_with(".ko") ? 0 : MODULE_INIT_COMPRESSED_FILE;
  const long result = syscall(SYS_finit_module, fd, parameters.c_str(), flags);
  const int error = errno;
  close(fd);
  if (result != 0) {
    errno = error;
    broken_errno("cannot load " + path);
  }
}

void module_load_boot(const std::string& folder) {
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) broken_errno(folder);
  std::vector<std::string> files;
  while (const dirent* entry = readdir(dir))
    if (entry->d_name[0] != '.') files.emplace_back(entry->d_name);
  closedir(dir);
  std::ranges::sort(files);
  for (const std::string& file : files) module_load(folder + "/" + file, "");
}

namespace {

// QTEE may have let an object go and not yet have had an answer to say so in. Our driver can ask for one, by whichever
// device it is bound to.
void flush_releases() {
  std::error_code error;
  for (const auto& device : std::filesystem::directory_iterator("/sys/bus/platform/drivers/qtee", error)) {
    const int fd = open((device.path() / "objects/flush").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;
    [[maybe_unused]] const ssize_t written = write(fd, "1\n", 2);
    close(fd);
  }
}

}  // namespace

void driver_load(const Job& job) {
  if (job.one(kJobDriver) == "mainline") {
    module_probe("qcomtee", module_parameters(job, "qcomtee"));
    return;
  }
  for (const auto& [file, needs] : driver_modules(job)) {
    for (const std::string& need : needs) module_probe(need, "");
    module_load(driver_folder(job) + "/" + file, module_parameters(job, module_name(file)));
  }
}

void driver_unload(const Job& job) {
  for (const DriverModule& module : driver_modules(job) | std::views::reverse) {
    const std::string name = module_name(module.file);
    for (int tries = 0; module_is_loaded(name); ++tries) {
      if (syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) == 0) break;
      if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EBUSY) broken_errno("cannot unload " + name);
      flush_releases();
      if (tries == kUnloadTries)
        throw Broken(name + " is still in use after the command: something holds a reference to it");
      usleep(kUnloadPause);
    }
  }
}

}  // namespace qtee::vsoc
