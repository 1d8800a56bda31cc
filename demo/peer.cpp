// SPDX-License-Identifier: BSD-3-Clause
#include "peer.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "qtee/invocation.hpp"

namespace qtee::demo {
namespace {

[[noreturn]] void fail(const char* doing) { throw std::system_error(errno, std::generic_category(), doing); }

}  // namespace

Peer::Peer() {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) fail("make a socket pair");
  socket_.reset(sockets[0]);
  FileDescriptor theirs(sockets[1]);
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    socket_.reset();
    serve(theirs.get());
  }
}

Peer::~Peer() {
  socket_.reset();
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

void Peer::serve(int socket) noexcept {
  // Until the other end closes. Nothing of the parent's is destroyed here: _exit.
  try {
    for (;;) {
      const Object adder = Object::receive(socket);
      std::array<std::uint32_t, 2> operands;
      if (::recv(socket, operands.data(), sizeof(operands), MSG_WAITALL) != sizeof(operands)) ::_exit(2);

      Answer answer{};
      answer.pid = ::getpid();
      const auto begin = std::chrono::steady_clock::now();
      const auto sum = adder.try_call<std::uint32_t>(OpCode(0), operands);
      answer.nanoseconds = static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin).count());
      answer.result = sum.error().value();
      if (sum) answer.sum = *sum;
      if (::send(socket, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer)) ::_exit(2);
    }
  } catch (const std::system_error& error) {
    ::_exit(error.code() == std::errc::connection_reset ? 0 : 3);
  } catch (...) {
    ::_exit(3);
  }
}

Peer::Answer Peer::add(const Object& adder, std::uint32_t a, std::uint32_t b) const {
  adder.send(socket_.get());
  const std::array operands{a, b};
  if (::send(socket_.get(), operands.data(), sizeof(operands), MSG_NOSIGNAL) != sizeof(operands)) {
    fail("send to the second process");
  }
  Answer answer;
  const ssize_t size = ::recv(socket_.get(), &answer, sizeof(answer), MSG_WAITALL);
  if (size != sizeof(answer)) {
    if (size >= 0) errno = ECONNRESET;
    fail("hear from the second process");
  }
  return answer;
}

}  // namespace qtee::demo
