// SPDX-License-Identifier: BSD-3-Clause
#include "outlet.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace qtee::vsoc {

void Outlet::poll_add(std::vector<pollfd>& set) const {
  if (!held_.empty()) set.push_back({fd_, POLLOUT, 0});
}

bool Outlet::ready(int timeout_ms) const {
  pollfd state{fd_, POLLOUT, 0};
  return poll(&state, 1, timeout_ms) == 1;
}

void Outlet::move() {
  std::size_t at = 0;
  while (at < held_.size() && ready(0)) {
    const ssize_t written = write(fd_, held_.data() + at, std::min(kPart, held_.size() - at));
    if (written > 0) {
      at += static_cast<std::size_t>(written);
    } else if (written < 0 && errno != EINTR) {
      if (errno == EAGAIN) break;
      broken_ = true;
      at = held_.size();
    }
  }
  held_.erase(0, at);
}

void Outlet::finish() {
  while (!held_.empty()) {
    ready(-1);
    move();
  }
}

}  // namespace qtee::vsoc
