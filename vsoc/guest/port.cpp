// SPDX-License-Identifier: BSD-3-Clause
#include "port.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "error.hpp"
#include "job.hpp"

namespace qtee::vsoc {
namespace {

constexpr char kPorts[] = "/sys/class/virtio-ports";
constexpr int kTries = 2000;
constexpr useconds_t kPause = 5'000;

// The device file of a port, or nothing while the kernel has not heard of it: names come after the ports.
std::string port_find(const std::string& name) {
  std::string found;
  DIR* dir = opendir(kPorts);
  if (dir == nullptr) return found;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    const std::string path = std::string(kPorts) + "/" + entry->d_name + "/name";
    if (access(path.c_str(), R_OK) == 0 && file_read(path) == name + "\n") found = std::string("/dev/") + entry->d_name;
  }
  closedir(dir);
  return found;
}

}  // namespace

int port_open(const std::string& name) {
  int port = -1;
  for (int tries = 0; tries < kTries; ++tries) {
    if (port < 0) {
      const std::string device = port_find(name);
      if (!device.empty()) port = open(device.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    pollfd state{port, POLLOUT, 0};
    if (port >= 0 && poll(&state, 1, 0) == 1 && (state.revents & POLLOUT) && !(state.revents & POLLHUP)) return port;
    usleep(kPause);
  }
  throw Broken("no port " + name);
}

void port_write(int port, const std::string& text) {
  std::size_t at = 0;
  for (;;) {
    pollfd state{port, POLLOUT, 0};
    if (poll(&state, 1, -1) < 0 && errno != EINTR) broken_errno("port");
    if (!(state.revents & POLLOUT)) continue;
    if (at == text.size()) return;  // writable again: QEMU took what was written
    const ssize_t written = write(port, text.data() + at, text.size() - at);
    if (written < 0 && errno != EAGAIN && errno != EINTR) broken_errno("port");
    if (written > 0) at += static_cast<std::size_t>(written);
  }
}

}  // namespace qtee::vsoc
