// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "system_error.hpp"

namespace qtee {

void FileDescriptor::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old >= 0) ::close(old);
}

FileDescriptor FileDescriptor::duplicate() const {
  const int fd = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) throw_errno(errno, "duplicate a file descriptor");
  return FileDescriptor(fd);
}

void FileDescriptor::send(int socket) const {
  char byte = 'q';
  iovec vector{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd_, sizeof(int));

  ssize_t sent;
  do sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) throw_errno(errno, "send a file descriptor over a socket");
}

FileDescriptor FileDescriptor::receive(int socket) {
  char byte = 0;
  iovec vector{&byte, 1};
  // Room for more than one: the kernel installs all that fit, and those that are too many must be closed, not lost.
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);

  ssize_t received;
  do received = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received < 0) throw_errno(errno, "receive a file descriptor over a socket");

  FileDescriptor first;
  bool sound = (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      if (first) sound = false;
      FileDescriptor owner(fd);
      if (!first) first = std::move(owner);
    }
  }
  if (received == 0 && !first) throw_errno(ECONNRESET, "receive a file descriptor over a socket");
  if (!sound || !first) throw_errno(EBADMSG, "receive a file descriptor over a socket");
  return first;
}

}  // namespace qtee
