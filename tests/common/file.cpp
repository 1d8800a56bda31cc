// SPDX-License-Identifier: BSD-3-Clause
#include "file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {

std::string file_read(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char piece[4096];
  ssize_t got = file ? 1 : -1;
  while (got > 0) {
    got = ::read(file.get(), piece, sizeof piece);
    if (got > 0) text.append(piece, static_cast<std::size_t>(got));
  }
  if (got < 0) throw std::system_error(errno, std::generic_category(), path);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

int file_write(const std::string& path, std::string_view text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return ::write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

}  // namespace qtee::test
