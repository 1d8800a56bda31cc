// SPDX-License-Identifier: BSD-3-Clause
#include "drivers.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ranges>
#include <sstream>
#include <system_error>

#include "alive.hpp"
#include "file.hpp"
#include "module.hpp"

namespace qtee::bench {
namespace {

constexpr int kUnloadTries = 200;
constexpr useconds_t kUnloadPause = 50'000;

void modprobe(const std::string& name) {
  if (std::system(("modprobe " + name).c_str()) != 0) throw std::runtime_error("modprobe " + name + " failed");
}

// Its parameters in `settings`, as insmod takes them.
std::string options_of(const std::string& module, const std::vector<std::string>& settings) {
  std::string text;
  for (const std::string& setting : settings)
    if (setting.starts_with(module + ".")) text += (text.empty() ? "" : " ") + setting.substr(module.size() + 1);
  return text;
}

// QTEE tells of what it let go with answers only.
void flush_releases() {
  try {
    test::file_write(test::driver_folder() + "objects/flush", "1");
  } catch (const std::exception&) {
    // Mainline's driver has no such file.
  }
}

}  // namespace

Driver Driver::mainline() {
  modprobe("qcomtee");
  return Driver({"qcomtee"});
}

Driver Driver::ours(const std::vector<std::string>& settings) {
  const char* const kernel = std::getenv("QTEE_KERNEL");
  std::ifstream list(fmt::format("/qtee/modules/{}/modules.load", kernel != nullptr ? kernel : ""));
  Driver driver{std::vector<std::string>{}};
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string file;
    words >> file;
    for (std::string need; words >> need;) modprobe(need);
    const std::string name = file.substr(0, file.find('.'));
    if (const int error = test::module_load(name, options_of(name, settings)))
      throw std::system_error(error, std::generic_category(), "load " + name);
    driver.modules_.push_back(name);
  }
  if (driver.modules_.empty()) throw std::runtime_error("the driver's modules are not built for this kernel");
  return driver;
}

Driver Driver::module(const std::string& name) {
  if (const int error = test::module_load(name))
    throw std::system_error(error, std::generic_category(), "load " + name);
  return Driver({name});
}

Driver::~Driver() {
  for (const std::string& name : modules_ | std::views::reverse)
    for (int tries = 0; test::module_loaded(name); ++tries) {
      const int error = test::module_unload(name);
      if (error == 0) break;
      if (tries == kUnloadTries || (error != EAGAIN && error != EBUSY)) {
        fmt::print(stderr, "bench_guest: can't unload {}: {}\n", name, std::generic_category().message(error));
        return;
      }
      flush_releases();
      ::usleep(kUnloadPause);
    }
}

std::string driver_settings() {
  nlohmann::json settings = nlohmann::json::object();
  for (const char* module : {"qtee", "qtee_mem", "qtee_user", "qtee_tee"}) {
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(fmt::format("/sys/module/{}/parameters", module), none))
      settings[fmt::format("{}.{}", module, file.path().filename().string())] = test::file_read(file.path());
  }
  return settings.dump();
}

}  // namespace qtee::bench
