// SPDX-License-Identifier: BSD-3-Clause
#include "output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "clock.hpp"

namespace qtee::bpf {

Json json_line(std::string_view tool, std::string_view type, std::uint64_t ns) {
  return Json{{"schema", kSchema}, {"tool", tool}, {"type", type}, {"time", clock_iso(ns)}};
}

std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, [](char c) { return c < ' ' || c > '~'; }, '?');
  return clean;
}

void line_write(std::string_view line) {
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size() || std::fputc('\n', stdout) == EOF ||
      std::fflush(stdout) != 0)
    throw std::system_error(errno, std::generic_category(), "write the output");
}

// Names of processes are bytes: what is no UTF-8 is replaced.
void json_write(const Json& line) { line_write(line.dump(-1, ' ', false, Json::error_handler_t::replace)); }

void remark_write(std::string_view tool, std::string_view line) {
  std::fflush(stdout);
  const std::string text = std::string(tool).append(": ").append(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace qtee::bpf
