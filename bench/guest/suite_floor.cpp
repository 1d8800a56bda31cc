// SPDX-License-Identifier: BSD-3-Clause
//
// What nothing can be faster than. The ioctls are those of vsoc/tests/kmod/vsoc_floor.c.
#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <thread>

#include "buffers.hpp"
#include "placement.hpp"
#include "qtee/file_descriptor.hpp"
#include "suite.hpp"

namespace qtee::bench {
namespace {

struct Copy {
  std::uint64_t in, out, size;
};
constexpr unsigned long kEmpty = _IO('F', 0), kSmc = _IO('F', 1), kScm = _IO('F', 2), kCopy = _IOW('F', 3, Copy),
                        kUnknown = _IO('F', 99);

class Device final {
 public:
  Device() : fd_(::open("/dev/vsoc-floor", O_RDWR | O_CLOEXEC)) {
    if (!fd_) throw std::system_error(errno, std::generic_category(), "/dev/vsoc-floor");
  }
  void ask(unsigned long request, void* argument = nullptr, int error = 0) const {
    if ((::ioctl(fd_.get(), request, argument) == 0 ? 0 : errno) != error)
      throw std::system_error(errno, std::generic_category(), "ioctl of /dev/vsoc-floor");
  }

 private:
  FileDescriptor fd_;
};

// Two threads that wake each other up in turn.
class Echo final {
 public:
  Echo() : to_(::eventfd(0, EFD_CLOEXEC)), back_(::eventfd(0, EFD_CLOEXEC)) {
    thread_ = std::thread([this] {
      for (eventfd_t value; ::eventfd_read(to_.get(), &value) == 0 && !stop_;) ::eventfd_write(back_.get(), 1);
    });
  }
  ~Echo() {
    stop_ = true;
    ::eventfd_write(to_.get(), 1);
    thread_.join();
  }
  void run() const {
    eventfd_t value;
    ::eventfd_write(to_.get(), 1);
    ::eventfd_read(back_.get(), &value);
  }

 private:
  FileDescriptor to_, back_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace

Paths suite_floor() {
  const auto device = std::make_shared<Device>();
  const auto buffers = std::make_shared<Buffers>();
  const auto echo = std::make_shared<Echo>();
  const auto ask = [&](const char* name, unsigned long request, int error = 0) {
    return Path{.name = name, .work = [device, request, error] { device->ask(request, nullptr, error); }};
  };
  Paths paths;
  paths.push_back({.name = "floor/syscall", .work = [] { ::syscall(SYS_getppid); }});
  paths.push_back(ask("floor/ioctl_fails", kUnknown, ENOTTY));
  paths.push_back(ask("floor/ioctl", kEmpty));
  paths.push_back(ask("floor/smc", kSmc));
  paths.push_back(ask("floor/scm", kScm));
  Path wakeup{.name = "floor/wakeup", .work = [echo] { echo->run(); }, .counted = false};
  paths.push_back(wakeup);
  // As callbacks do to servers that sleep: one wake-up there and one back.
  wakeup.name = "callbacks/user";
  paths.push_back(on_two_cpus(wakeup));
  wakeup.name = "callbacks/user_one_cpu";
  paths.push_back(on_one_cpu(wakeup));
  paths.push_back(ask("invoke/none", kSmc));
  for (const std::size_t size : {std::size_t{64}, std::size_t{1} << 10, std::size_t{4} << 10, std::size_t{16} << 10,
                                 std::size_t{64} << 10, std::size_t{1} << 20}) {
    paths.push_back({.name = "floor/memcpy_" + size_name(size), .work = [buffers, size] {
                       std::memcpy(buffers->out(size).data(), buffers->in(size).data(), size);
                       asm volatile("" ::: "memory");
                     }});
    paths.push_back({.name = "invoke/" + size_name(size), .work = [device, buffers, size] {
                       Copy copy{reinterpret_cast<std::uintptr_t>(buffers->in(size).data()),
                                 reinterpret_cast<std::uintptr_t>(buffers->out(size).data()), size};
                       device->ask(kCopy, &copy);
                     }});
  }
  return paths;
}

}  // namespace qtee::bench
