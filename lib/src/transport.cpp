// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/transport.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <atomic>
#include <cerrno>

namespace qtee {
namespace {

class SystemTransport final : public Transport {
 public:
  int open(const char* path, int flags) noexcept override { return answer(::open(path, flags)); }
  int ioctl(int fd, unsigned long request, void* argument) noexcept override {
    return answer(::ioctl(fd, request, argument));
  }
  int poll(std::span<pollfd> fds) noexcept override { return answer(::poll(fds.data(), fds.size(), -1)); }

 private:
  static int answer(int value) noexcept { return value < 0 ? -errno : value; }
};

constinit SystemTransport g_system;
constinit std::atomic<Transport*> g_current{nullptr};

}  // namespace

Transport& Transport::current() noexcept {
  Transport* transport = g_current.load(std::memory_order_acquire);
  return transport != nullptr ? *transport : g_system;
}

Transport* Transport::exchange(Transport* transport) noexcept {
  return g_current.exchange(transport, std::memory_order_acq_rel);
}

}  // namespace qtee
