// SPDX-License-Identifier: BSD-3-Clause
#include "image_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "qtee/file_descriptor.hpp"

namespace qtee::demo {

std::vector<std::byte> image_file_read(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) throw std::system_error(errno, std::generic_category(), path);
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t size = ::read(file.get(), bytes.data() + at, bytes.size() - at);
    if (size < 0) throw std::system_error(errno, std::generic_category(), path);
    if (size == 0) break;
    at += static_cast<std::size_t>(size);
  }
  bytes.resize(at);
  return bytes;
}

}  // namespace qtee::demo
