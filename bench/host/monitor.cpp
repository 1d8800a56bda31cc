// SPDX-License-Identifier: BSD-3-Clause
#include "monitor.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

namespace qtee::bench {

Monitor::Monitor(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    ::close(fd_);
    throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd_);
    throw std::system_error(error, std::generic_category(), path);
  }
  ask(R"({"execute":"qmp_capabilities"})");
}

Monitor::~Monitor() { ::close(fd_); }

std::string Monitor::ask(const std::string& json) {
  const std::string line = json + "\n";
  if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::system_error(errno, std::generic_category(), "QMP");
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end == buffer_.npos) {
      char part[4096];
      const ssize_t got = ::read(fd_, part, sizeof part);
      if (got <= 0) throw std::runtime_error("QEMU has closed its monitor");
      buffer_.append(part, static_cast<std::size_t>(got));
      continue;
    }
    const auto answer = nlohmann::json::parse(buffer_.substr(0, end));
    buffer_.erase(0, end + 1);
    // The greeting and events come between.
    if (answer.contains("error")) throw std::runtime_error("QMP: " + answer["error"].dump());
    if (answer.contains("return")) return answer["return"].is_string() ? answer["return"].get<std::string>() : "";
  }
}

void Monitor::command(const std::string& line) {
  const nlohmann::json json{{"execute", "human-monitor-command"}, {"arguments", {{"command-line", line}}}};
  if (const std::string said = ask(json.dump()); !said.empty()) throw std::runtime_error(line + ": " + said);
}

}  // namespace qtee::bench
