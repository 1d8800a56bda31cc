// SPDX-License-Identifier: BSD-3-Clause
#include "file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace qtee::vsoc {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

void write_all(int fd, std::string_view content, const std::string& what) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) fail(what);
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

std::string file_read(const std::filesystem::path& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) fail(path);
  std::string text;
  char part[65536];
  for (;;) {
    const ssize_t got = read(fd.get(), part, sizeof part);
    if (got < 0 && errno != EINTR) fail(path);
    if (got == 0) return text;
    if (got > 0) text.append(part, static_cast<std::size_t>(got));
  }
}

void file_replace(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  const std::string partial = fmt::format("{}.{}", path.string(), getpid());
  const Fd fd(open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) fail(partial);
  write_all(fd.get(), content, partial);
  if (std::rename(partial.c_str(), path.c_str()) != 0) fail(path);
}

Fd file_unnamed(const char* label, std::string_view content) {
  Fd fd(memfd_create(label, 0));
  if (!fd) fail(label);
  write_all(fd.get(), content, label);
  return fd;
}

std::string fd_path(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

}  // namespace qtee::vsoc
