// SPDX-License-Identifier: BSD-3-Clause
#include "network.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "error.hpp"
#include "module.hpp"
#include "vsoc/job.hpp"

namespace qtee::vsoc {
namespace {

constexpr char kDevice[] = "eth0";

// Changes an interface; closes itself.
class Interface {
 public:
  // `family`: of the addresses; any will do for what is no address.
  Interface(const char* name, int family) : name_(name), fd_(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::snprintf(request_.ifr_name, sizeof request_.ifr_name, "%s", name);
  }
  ~Interface() { close(fd_); }
  Interface(const Interface&) = delete;

  void set_address(unsigned long what, const char* text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, text, &address.sin_addr);
    std::memcpy(&request_.ifr_addr, &address, sizeof address);
    set(what);
  }
  void up() {
    request_.ifr_flags = IFF_UP | IFF_RUNNING;
    set(SIOCSIFFLAGS);
  }

 private:
  void set(unsigned long what) {
    if (fd_ < 0 || ioctl(fd_, what, &request_) != 0)
      broken_errno(std::string("cannot bring the network interface ") + name_ + " up");
  }

  const char* const name_;
  const int fd_;
  ifreq request_{};
};

}  // namespace

void loopback_up() { Interface("lo", AF_UNIX).up(); }  // not every kernel has INET

void network_up() {
  module_probe("virtio_net", "");
  Interface device(kDevice, AF_INET);
  device.set_address(SIOCSIFADDR, kGuestAddress);
  device.set_address(SIOCSIFNETMASK, "255.255.255.0");
  device.up();
}

}  // namespace qtee::vsoc
