// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace qtee::vsoc {

// A cpio archive in the "newc" format, as the kernel unpacks it for an initramfs.
class Cpio {
 public:
  void add_folder(std::string_view path);
  void add_file(std::string_view path, std::string_view content, unsigned mode = 0644);
  // A character device, for /dev/console before devtmpfs is there.
  void add_device(std::string_view path, unsigned major, unsigned minor);
  // Ends the archive and gives it.
  std::string finish() &&;

 private:
  void add(std::string_view path, unsigned mode, std::string_view content, unsigned major, unsigned minor);

  std::string archive_;
  unsigned inode_ = 0;
};

}  // namespace qtee::vsoc
