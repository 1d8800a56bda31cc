// SPDX-License-Identifier: BSD-3-Clause
#include "job.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "error.hpp"

namespace qtee::vsoc {

std::string file_read(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) broken_errno(path);
  std::string text;
  char part[16384];
  ssize_t got;
  while ((got = ::read(fd, part, sizeof part)) > 0) text.append(part, static_cast<std::size_t>(got));
  const int error = errno;
  close(fd);
  if (got < 0) {
    errno = error;
    broken_errno(path);
  }
  return text;
}

Job Job::read(const std::string& path) {
  const std::string text = file_read(path);
  Job job;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t key_end = text.find('\0', at);
    const std::size_t value_end = key_end == text.npos ? text.npos : text.find('\0', key_end + 1);
    if (value_end == text.npos) throw Broken(path + " is cut short");
    job.entries_.emplace_back(text.substr(at, key_end - at), text.substr(key_end + 1, value_end - key_end - 1));
    at = value_end + 1;
  }
  return job;
}

std::vector<std::string> Job::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : entries_)
    if (name == key) values.push_back(value);
  return values;
}

std::string Job::one(std::string_view key, std::string_view fallback) const {
  for (const auto& [name, value] : entries_)
    if (name == key) return value;
  return std::string(fallback);
}

bool Job::has(std::string_view key) const {
  for (const auto& entry : entries_)
    if (entry.first == key) return true;
  return false;
}

}  // namespace qtee::vsoc
