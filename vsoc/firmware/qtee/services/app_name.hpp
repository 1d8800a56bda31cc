// SPDX-License-Identifier: BSD-3-Clause
//
// An app's name as a client passes it: with or without its terminating NUL.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "vsoc/interfaces.hpp"

namespace qtee::fw {

class AppName {
 public:
  // Copies it. False where it is empty, too long, or has a NUL before its end.
  bool take(std::span<const std::byte> bytes) {
    if (bytes.empty() || bytes.size() > sizeof text_) return false;
    std::memcpy(text_, bytes.data(), bytes.size());
    size_ = text_[bytes.size() - 1] == '\0' ? bytes.size() - 1 : bytes.size();
    return size_ != 0 && size_ < sizeof text_ && view().find('\0') == std::string_view::npos;
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[vsoc::diagnostics::kAppNameMax];
  std::size_t size_ = 0;
};

}  // namespace qtee::fw
