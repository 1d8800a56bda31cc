// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace qtee::vsoc {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// The whole of a file. Throws std::system_error.
std::string file_read(const std::filesystem::path& path);

// Puts a file there in one step: nobody sees half of it. Throws std::system_error.
void file_replace(const std::filesystem::path& path, std::string_view content);

// A file that has no name; a child process finds it at fd_path(). Throws std::system_error.
Fd file_unnamed(const char* label, std::string_view content);

// The path under which a child that inherits `fd` can open it.
std::string fd_path(const Fd& fd);

}  // namespace qtee::vsoc
