// SPDX-License-Identifier: BSD-3-Clause
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <vector>

#include "actors.hpp"

namespace qtee::hostile {
namespace {

class Server {
 public:
  Server(World& world, std::uint64_t seed, int fd) : world_(world), random_(seed), fd_(fd), buffer_(16384) {}

  void step() {
    pollfd poll{fd_, POLLIN, 0};
    if (::poll(&poll, 1, 20) != 1) {
      // Whoever waits for an answer gets one some time.
      if (!late_.empty()) reply_late();
      return;
    }
    if (receive() && random_() % 8 != 0) reply(buffer_);
    if (late_.size() > 4) reply_late();
  }

  // Everybody who waits is answered.
  void finish() {
    while (!late_.empty()) reply_late();
  }

 private:
  qcom_tee_cb_arg& head(std::vector<std::byte>& bytes) { return *reinterpret_cast<qcom_tee_cb_arg*>(bytes.data()); }
  qcom_tee_param* params(std::vector<std::byte>& bytes) {
    return reinterpret_cast<qcom_tee_param*>(bytes.data() + sizeof(qcom_tee_cb_arg));
  }

  bool receive() {
    head(buffer_) = {};
    head(buffer_).num_params = static_cast<std::uint32_t>(random_() % 8 == 0 ? random_() % 80 : 60);
    qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(buffer_.data()), buffer_.size()};
    if (random_() % 8 == 0) data.buf_ptr = world_.pages.address(random_);
    if (random_() % 8 == 0) data.buf_len = garbage_length(random_);
    const bool ours = data.buf_ptr == reinterpret_cast<std::uintptr_t>(buffer_.data());
    // A length beyond the vector's must not reach past it.
    if (ours && data.buf_len > buffer_.size()) data.buf_len = buffer_.size();
    // Another thread may have been faster.
    if (ioctl(fd_, QCOM_TEE_IOCTL_RECEIVE, &data) != 0) return false;
    world_.calls.fetch_add(1, std::memory_order_relaxed);
    // A request that went to memory of nobody's is not answered: its invoker waits for the server's timeout.
    if (!ours) return false;
    if (head(buffer_).request_id == 0) return false;
    close_inputs();
    if (random_() % 8 == 0) {
      late_.push_back(buffer_);
      return false;
    }
    return true;
  }

  void close_inputs() {
    for (std::uint32_t i = 0; i < head(buffer_).num_params; i++) {
      const qcom_tee_param& param = params(buffer_)[i];
      if (param.direction != 0 && param.attr == QCOM_TEE_OBJECT && param.object.host_id < 0)
        close(static_cast<int>(param.object.id));
    }
  }

  void reply(std::vector<std::byte>& bytes) {
    const qcom_tee_cb_arg asked = head(bytes);
    for (std::uint32_t i = 0; i < asked.num_params && asked.result == 0; i++) {
      qcom_tee_param& param = params(bytes)[i];
      if (param.direction != 0) continue;
      if (param.attr == QCOM_TEE_BUFFER) {
        param.buffer.addr = random_() % 4 ? reinterpret_cast<std::uintptr_t>(world_.pages.good().data())
                                          : world_.pages.address(random_);
      } else if (random_() % 4) {
        param = garbage_param(world_, random_);
        param.direction = 0;
      }
    }
    if (random_() % 4 == 0) head(bytes).result = static_cast<std::int32_t>(random_());
    if (random_() % 16 == 0) head(bytes).request_id = static_cast<std::uint32_t>(random_() % 1000);
    if (random_() % 16 == 0) head(bytes).num_params = static_cast<std::uint32_t>(random_());
    send(bytes);
    // Whatever came of that, now it ends.
    head(bytes) = asked;
    head(bytes).result = asked.result != 0 ? asked.result : 1;
    send(bytes);
  }

  void reply_late() {
    std::vector<std::byte> bytes = std::move(late_.front());
    late_.pop_front();
    reply(bytes);
  }

  void send(std::vector<std::byte>& bytes) {
    qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(bytes.data()), bytes.size()};
    ioctl(fd_, QCOM_TEE_IOCTL_REPLY, &data);
    world_.calls.fetch_add(1, std::memory_order_relaxed);
  }

  World& world_;
  Random random_;
  int fd_;
  std::vector<std::byte> buffer_;
  std::deque<std::vector<std::byte>> late_;
};

}  // namespace

void act_as_server(World& world, std::uint64_t seed, int fd) {
  Server server(world, seed, fd);
  while (!world.stop.load(std::memory_order_relaxed)) server.step();
  server.finish();
}

}  // namespace qtee::hostile
