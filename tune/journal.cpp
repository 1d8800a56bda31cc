// SPDX-License-Identifier: BSD-3-Clause
#include "journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tool.hpp"

namespace qtee::tune {
namespace {

using Json = nlohmann::json;

[[noreturn]] void fail() { throw bpf::ToolError(fmt::format("{}: {}", Journal::kPath, std::strerror(errno))); }

}  // namespace

Journal::Journal() : file_(::open(kPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (!file_) fail();
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) fail();
  const Json json = Json::parse(text(), nullptr, false);
  const std::string who = json.is_object() && json.contains("pid") ? json["pid"].dump() : "?";
  throw bpf::ToolError(fmt::format("another qtee-tune, process {}, tries settings; one can at a time", who));
}

std::string Journal::text() const {
  std::string text(1 << 16, '\0');
  const ssize_t length = ::pread(file_.get(), text.data(), text.size(), 0);
  if (length < 0) fail();
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<Journal::Entry> Journal::left() const {
  const Json json = Json::parse(text(), nullptr, false);
  // What was not written to its end is of a trial that had not begun.
  if (json.is_discarded()) return std::nullopt;
  try {
    Entry entry{
        json.at("before").get<Settings>(), json.at("after").get<Settings>(), json.at("folder").get<std::string>(), {}};
    for (const auto& [name, values] : entry.after) entry.before.at(name);
    for (const auto& [name, values] : entry.before) values_check(tunable(name), values);
    for (const Json& module : json.at("loaded"))
      entry.loaded.push_back({module.at("name").get<std::string>(),
                              module.at("parameters").get<std::vector<std::pair<std::string, std::string>>>()});
    return entry;
  } catch (const std::exception& error) {
    throw bpf::ToolError(
        fmt::format("{}: {}; another version of qtee-tune has written it; load the driver anew and remove it", kPath,
                    error.what()));
  }
}

void Journal::write(const Entry& entry) {
  Json loaded = Json::array();
  for (const Modules::Module& module : entry.loaded)
    loaded.push_back({{"name", module.name}, {"parameters", module.parameters}});
  const std::string text = Json({{"pid", ::getpid()},
                                 {"before", entry.before},
                                 {"after", entry.after},
                                 {"folder", entry.folder},
                                 {"loaded", loaded}})
                               .dump();
  clear();
  if (::pwrite(file_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) fail();
}

void Journal::clear() {
  // Not removed: who waits at the lock would have another file than who makes the next.
  if (::ftruncate(file_.get(), 0) != 0) fail();
}

}  // namespace qtee::tune
