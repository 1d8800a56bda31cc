// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <poll.h>

#include <string>
#include <string_view>
#include <vector>

namespace qtee::vsoc {

// One direction of a stream that is written as its reader takes it: never waits, takes no more while it holds
// something.
class Outlet {
 public:
  explicit Outlet(int fd) : fd_(fd) {}

  bool empty() const { return held_.empty(); }
  // Set when the reader is gone; all that comes then is dropped.
  bool broken() const { return broken_; }
  void put(std::string_view bytes) {
    if (!broken_) held_ += bytes;
  }
  void poll_add(std::vector<pollfd>& set) const;
  // Writes as much as the reader takes now.
  void move();
  // Waits until all is written.
  void finish();

 private:
  // A write of so many bytes to a pipe that poll() calls writable does not wait, so that the descriptor, which others
  // share, need not be changed.
  static constexpr std::size_t kPart = 4096;

  bool ready(int timeout_ms) const;

  const int fd_;
  bool broken_ = false;
  std::string held_;
};

}  // namespace qtee::vsoc
