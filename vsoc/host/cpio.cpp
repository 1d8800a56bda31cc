// SPDX-License-Identifier: BSD-3-Clause
#include "cpio.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

namespace qtee::vsoc {

void Cpio::add(std::string_view path, unsigned mode, std::string_view content, unsigned major, unsigned minor) {
  const auto pad = [this] { archive_.append((4 - archive_.size() % 4) % 4, '\0'); };
  // Magic, then: inode, mode, uid, gid, links, mtime, size, device (2), node's device (2), length of the name,
  // checksum.
  archive_ += fmt::format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
                          ++inode_, mode, 0, 0, 1, 0, content.size(), 0, 0, major, minor, path.size() + 1, 0);
  archive_ += path;
  archive_ += '\0';
  pad();
  archive_ += content;
  pad();
}

void Cpio::add_folder(std::string_view path) { add(path, S_IFDIR | 0755, "", 0, 0); }

void Cpio::add_file(std::string_view path, std::string_view content, unsigned mode) {
  add(path, S_IFREG | mode, content, 0, 0);
}

void Cpio::add_device(std::string_view path, unsigned major, unsigned minor) {
  add(path, S_IFCHR | 0600, "", major, minor);
}

std::string Cpio::finish() && {
  add("TRAILER!!!", 0, "", 0, 0);
  return std::move(archive_);
}

}  // namespace qtee::vsoc
