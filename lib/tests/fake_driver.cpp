// SPDX-License-Identifier: BSD-3-Clause
#include "fake_driver.hpp"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace qtee::test {

std::span<const std::uint8_t> FakeCall::input(std::size_t index) const {
  return {reinterpret_cast<const std::uint8_t*>(params[index].buffer.addr), params[index].buffer.len};
}

void FakeCall::set_output(std::size_t index, std::span<const std::uint8_t> bytes) const {
  std::memcpy(reinterpret_cast<void*>(params[index].buffer.addr), bytes.data(), bytes.size());
  params[index].buffer.len = bytes.size();
}

FakeDriver::FakeDriver() : before_(Transport::exchange(this)) {}
FakeDriver::~FakeDriver() { Transport::exchange(before_); }

ino_t FakeDriver::inode(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

int FakeDriver::object_open(FakeHandler handler) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -errno;
  const std::lock_guard lock(mutex_);
  objects_[inode(ends[0])] = FakeObject{FileDescriptor(ends[0]), std::move(handler)};
  return ends[1];
}

std::size_t FakeDriver::objects_alive() {
  const std::lock_guard lock(mutex_);
  std::size_t alive = 0;
  for (auto& [key, object] : objects_) {
    pollfd state{object.peer.get(), POLLIN, 0};
    ::poll(&state, 1, 0);
    if ((state.revents & POLLHUP) == 0) ++alive;
  }
  return alive;
}

int FakeDriver::open(const char* path, int) noexcept {
  if (std::strcmp(path, "/dev/qtee") == 0) {
    return object_open([this](FakeCall& call) { return root ? root(call) : refused(EINVAL); });
  }
  if (std::strcmp(path, "/dev/qtee-ree") == 0) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return -errno;
    const std::lock_guard lock(mutex_);
    servers_[inode(ends[0])].peer = FileDescriptor(ends[1]);
    return ends[0];
  }
  return -ENOENT;
}

int FakeDriver::poll(std::span<pollfd> fds) noexcept {
  const int ready = ::poll(fds.data(), fds.size(), -1);
  return ready < 0 ? -errno : ready;
}

int FakeDriver::ioctl(int fd, unsigned long request, void* argument) noexcept {
  if (request == DMA_BUF_IOCTL_SYNC) {
    syncs.push_back(static_cast<dma_buf_sync*>(argument)->flags);
    return 0;
  }
  auto& data = *static_cast<qcom_tee_ioctl_data*>(argument);
  switch (request) {
    case QCOM_TEE_IOCTL_INVOKE:
      return invoke(fd, data);
    case QCOM_TEE_IOCTL_RECEIVE:
      return receive(fd, data);
    case QCOM_TEE_IOCTL_REPLY:
      return reply(fd, data);
    case QCOM_TEE_IOCTL_ALLOC:
      if (data.buf_len != sizeof(qcom_tee_alloc_arg)) return -EINVAL;
      return alloc(*reinterpret_cast<qcom_tee_alloc_arg*>(data.buf_ptr));
    default:
      return -ENOTTY;
  }
}

int FakeDriver::alloc(qcom_tee_alloc_arg& arg) {
  allocated = arg;
  if (alloc_status != 0) return alloc_status;
  arg.size = (arg.size + 4095) / 4096 * 4096;
  arg.fd = ::memfd_create("memory", MFD_CLOEXEC);
  if (arg.fd < 0) return -errno;
  return ::ftruncate(arg.fd, static_cast<off_t>(arg.size)) == 0 ? 0 : -errno;
}

int FakeDriver::invoke(int fd, qcom_tee_ioctl_data& data) {
  FakeHandler handler;
  {
    const std::lock_guard lock(mutex_);
    const auto object = objects_.find(inode(fd));
    if (object == objects_.end()) return -EBADF;
    handler = object->second.handler;
  }
  auto& header = *reinterpret_cast<qcom_tee_object_invoke_arg*>(data.buf_ptr);
  if (data.buf_len != sizeof(header) + header.num_params * sizeof(qcom_tee_param)) return -EINVAL;
  FakeCall call{header.op, std::span(header.params, header.num_params)};
  const std::int32_t result = handler(call);
  if (result < kRefused) return result - kRefused;
  header.result = result;
  return 0;
}

void FakeDriver::queue(Server& server, Request& request) {
  server.queue.push_back(&request);
  ::send(server.peer.get(), "r", 1, MSG_NOSIGNAL);
}

FakeAnswer FakeDriver::callback(int host_id, std::uint64_t id, std::uint32_t op, std::vector<FakeArgument> arguments) {
  std::unique_lock lock(mutex_);
  const auto found = servers_.find(inode(host_id));
  if (found == servers_.end()) return {.status = -EBADF, .arguments = {}};
  Request request;
  request.request_id = next_request_++;
  request.id = id;
  request.op = op;
  request.arguments = std::move(arguments);
  queue(found->second, request);
  answered_.wait(lock, [&] { return request.answered; });
  return std::move(request.answer);
}

void FakeDriver::release(int host_id, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  Server& server = servers_.at(inode(host_id));
  Request& request = server.notifications.emplace_back();
  request.id = id;
  request.op = QCOM_TEE_OP_RELEASE;
  queue(server, request);
}

void FakeDriver::fail_reply(int error) {
  const std::lock_guard lock(mutex_);
  fail_reply_ = error;
}

void FakeDriver::fail_receive(int error) {
  const std::lock_guard lock(mutex_);
  fail_receive_ = error;
  for (auto& [key, server] : servers_) ::send(server.peer.get(), "f", 1, MSG_NOSIGNAL);
}

int FakeDriver::receive(int fd, qcom_tee_ioctl_data& data) {
  const std::lock_guard lock(mutex_);
  if (fail_receive_ != 0) return -fail_receive_;
  const auto found = servers_.find(inode(fd));
  if (found == servers_.end()) return -ENOTTY;
  Server& server = found->second;
  if (server.queue.empty()) return -EAGAIN;
  Request& request = *server.queue.front();

  auto& header = *reinterpret_cast<qcom_tee_cb_arg*>(data.buf_ptr);
  const auto count = static_cast<std::uint32_t>(request.arguments.size());
  std::uint64_t needed = sizeof(header) + count * sizeof(qcom_tee_param);
  for (const FakeArgument& argument : request.arguments) {
    if (argument.param.attr == QCOM_TEE_BUFFER && argument.param.direction != 0) {
      needed += (argument.bytes.size() + 7) / 8 * 8;
    }
  }
  if (needed > data.buf_len || count > header.num_params) {
    data.buf_len = needed;
    header.num_params = count;
    ++no_space;
    return -ENOSPC;
  }
  header.id = request.id;
  header.request_id = request.request_id;
  header.op = request.op;
  header.num_params = count;
  std::uint64_t at = sizeof(header) + count * sizeof(qcom_tee_param);
  for (std::uint32_t i = 0; i < count; ++i) {
    qcom_tee_param& param = header.params[i];
    param = request.arguments[i].param;
    if (param.attr != QCOM_TEE_BUFFER) continue;
    param.buffer.len = request.arguments[i].bytes.size();
    param.buffer.addr = 0;
    if (param.direction == 0) continue;
    param.buffer.addr = data.buf_ptr + at;
    if (param.buffer.len == 0) continue;
    std::memcpy(reinterpret_cast<void*>(param.buffer.addr), request.arguments[i].bytes.data(), param.buffer.len);
    at += (param.buffer.len + 7) / 8 * 8;
  }
  char byte;
  [[maybe_unused]] const ssize_t drained = ::recv(fd, &byte, 1, 0);
  server.queue.pop_front();
  if (request.request_id != 0) {
    server.pending[request.request_id] = &request;
  } else {
    server.notifications.pop_front();  // queued and taken in one order
  }
  return 0;
}

int FakeDriver::reply(int fd, qcom_tee_ioctl_data& data) {
  const std::lock_guard lock(mutex_);
  if (fail_reply_ != 0) return -std::exchange(fail_reply_, 0);
  Server& server = servers_.at(inode(fd));
  auto& header = *reinterpret_cast<qcom_tee_cb_arg*>(data.buf_ptr);
  const auto pending = server.pending.find(header.request_id);
  if (pending == server.pending.end()) return -ENOENT;
  Request& request = *pending->second;
  if (header.num_params != request.arguments.size()) return -EINVAL;
  request.answer.result = header.result;
  for (std::uint32_t i = 0; i < header.num_params; ++i) {
    FakeArgument argument;
    argument.param = header.params[i];
    if (argument.param.attr == QCOM_TEE_BUFFER && argument.param.direction == 0 && header.result == 0) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(argument.param.buffer.addr);
      argument.bytes.assign(bytes, bytes + argument.param.buffer.len);
    }
    if (QCOM_TEE_PARAM_OBJECT_SECURE(&argument.param) && argument.param.direction == 0) {
      const int object = ::fcntl(static_cast<int>(argument.param.object.id), F_DUPFD_CLOEXEC, 0);
      if (object < 0) return -EBADF;
      argument.fd = std::make_shared<FileDescriptor>(object);
    }
    request.answer.arguments.push_back(std::move(argument));
  }
  server.pending.erase(pending);
  request.answered = true;
  answered_.notify_all();
  return 0;
}

std::size_t fds_open() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count - 1;  // the iterator's own
}

}  // namespace qtee::test
