// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/root.hpp"

#include <fcntl.h>

#include <string>

#include "qtee/transport.hpp"
#include "system_error.hpp"

namespace qtee {

Root Root::open() {
  const int fd = Transport::current().open("/dev/qtee", O_RDWR | O_CLOEXEC);
  if (fd < 0) throw_errno(-fd, "open /dev/qtee");
  return Root(Object(FileDescriptor(fd)));
}

Client Root::register_client(const CallbackObject& credentials) const {
  return Client(object_.try_call<Object>(Op::register_as_client, credentials).value("register as a client of QTEE"));
}

Object Client::open(ServiceUid uid) const {
  auto service = object_.try_call<Object>(Op::open, uid.value());
  if (!service) throw_error(service.error(), "open service " + std::to_string(uid.value()));
  if (!*service) throw Error(Result::unavailable, "open service " + std::to_string(uid.value()));
  return *std::move(service);
}

}  // namespace qtee
