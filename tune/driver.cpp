// SPDX-License-Identifier: BSD-3-Clause
#include "driver.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "qtee/file_descriptor.hpp"
#include "tool.hpp"

namespace qtee::tune {
namespace {

namespace fs = std::filesystem;
using bpf::ToolError;

std::string parameter_path(const Tunable& known) {
  return fmt::format("/sys/module/{}/parameters/{}", known.module, known.name);
}

std::string file_read(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw ToolError(fmt::format("{}: {}", path, std::strerror(errno)));
  return line;
}

std::uint64_t number_read(const std::string& path) {
  try {
    return std::stoull(file_read(path));
  } catch (const std::logic_error&) {
    throw ToolError(fmt::format("{} has no number", path));
  }
}

/// In one call, as sysfs wants it. Returns 0 or an errno.
int file_write(const std::string& path, const std::string& text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

void file_set(const std::string& path, const std::string& text, const std::string& what) {
  const int error = file_write(path, text);
  if (error == EINVAL) throw ToolError(what + ": the driver refuses it; the kernel's log says why");
  if (error) throw ToolError(fmt::format("{}: {}: {}", what, path, std::strerror(error)));
}

PoolSeen pool_read(const fs::path& folder) {
  const auto number = [&](const char* name) { return number_read(folder / name); };
  const auto word = [&](const char* name) { return static_cast<std::uint32_t>(number(name)); };
  PoolSeen pool;
  pool.name = folder.filename();
  pool.size = word("size");
  pool.limit = word("limit");
  pool.count = word("count");
  pool.high_water = word("high_water");
  pool.hits = number("hits");
  pool.misses = number("misses");
  pool.waits = number("waits");
  pool.failures = number("failures");
  return pool;
}

/// The folder of a class's pool.
std::string class_folder(const std::string& pools, std::uint32_t kib) { return fmt::format("{}{}k/", pools, kib); }

}  // namespace

std::string Driver::folder() {
  std::error_code error;
  for (const auto& device : fs::directory_iterator("/sys/bus/platform/drivers/qtee", error))
    if (fs::exists(device.path() / "statistics")) return device.path().string() + "/";
  throw ToolError("the driver is not loaded, or has no device (/sys/bus/platform/drivers/qtee)");
}

Settings Driver::settings() const {
  const std::string pools = folder() + "pools/";
  Settings settings;
  for (const Tunable& known : tunables()) {
    // A module that is not there has none.
    const std::string path = parameter_path(known);
    if (!fs::exists(path)) continue;
    Values values;
    std::istringstream text(file_read(path));
    for (std::string word; std::getline(text, word, ',');)
      values.push_back(static_cast<std::uint32_t>(std::stoul(word)));
    settings.emplace(known.name, std::move(values));
  }
  // Limits are what their files say.
  if (const auto kib = settings.find("classes_kib"); kib != settings.end()) {
    Values limits;
    for (const std::uint32_t size : kib->second)
      limits.push_back(static_cast<std::uint32_t>(number_read(class_folder(pools, size) + "limit")));
    settings.insert_or_assign("classes_max", std::move(limits));
  }
  return settings;
}

Counters Driver::counters() const {
  const std::string device = folder();
  Counters counters;
  counters.invocations = number_read(device + "statistics/invocations");
  counters.list_misses = number_read(device + "statistics/message_misses");
  counters.pool_bytes = number_read(device + "pools/bytes");
  for (const auto& entry : fs::directory_iterator(device + "pools"))
    if (entry.is_directory()) counters.pools.push_back(pool_read(entry.path()));
  std::ranges::sort(counters.pools, [](const PoolSeen& a, const PoolSeen& b) {
    return (a.name == "pairs") != (b.name == "pairs") ? a.name == "pairs" : a.size < b.size;
  });
  return counters;
}

std::string Driver::transport() const { return file_read(folder() + "objects/transport"); }

bool Driver::live(const std::string& name, const Values& values) const {
  if (name != "classes_max") return tunable(name).when == Tunable::When::live;
  const Settings now = settings();
  const auto kib = now.find("classes_kib");
  return kib != now.end() && kib->second.size() == values.size();
}

void Driver::set(const std::string& name, const Values& values) const {
  const std::string what = fmt::format("{}={}", name, values_format(values));
  if (name != "classes_max") return file_set(parameter_path(tunable(name)), values_format(values), what);
  const std::string pools = folder() + "pools/";
  const Settings now = settings();
  const Values& kib = now.at("classes_kib");
  for (std::size_t i = 0; i < values.size(); ++i)
    file_set(class_folder(pools, kib.at(i)) + "limit", fmt::format("{}", values[i]), what);
}

Counters counters_between(const Counters& first, const Counters& second) {
  Counters counters = second;
  counters.invocations -= first.invocations;
  counters.list_misses -= first.list_misses;
  for (PoolSeen& pool : counters.pools) {
    const auto before = std::ranges::find(first.pools, pool.name, &PoolSeen::name);
    if (before == first.pools.end()) continue;
    pool.hits -= before->hits;
    pool.misses -= before->misses;
    pool.waits -= before->waits;
    pool.failures -= before->failures;
  }
  return counters;
}

}  // namespace qtee::tune
