// SPDX-License-Identifier: BSD-3-Clause
#include "plain_server.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace qtee::bench {

PlainServer::PlainServer(bool together, Laps& laps) : laps_(laps) {
  // Without SA_RESTART: it ends the ioctl of a thread that is to stop.
  struct sigaction action{};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, nullptr);
  thread_ = std::thread([this, together] {
    together ? run_together() : run_apart();
    stopped_ = true;
  });
}

PlainServer::~PlainServer() {
  stop_ = true;
  // It may be about to enter the ioctl, so once may not do.
  while (!stopped_) {
    ::pthread_kill(thread_.native_handle(), SIGUSR1);
    ::usleep(1000);
  }
  thread_.join();
}

void PlainServer::take(test::RawRequest& request) {
  laps_.lap();
  for (std::uint32_t i = 0; i < request.head().num_params; ++i) {
    const qcom_tee_param& param = request.param(i);
    if (param.direction != 0 && QCOM_TEE_PARAM_OBJECT_SECURE(&param)) ::close(static_cast<int>(param.object.id));
  }
  request.head().result = 0;
}

void PlainServer::run_apart() {
  test::RawRequest request;
  while (!stop_) {
    const int error = request.receive(server_.get());
    if (error == EINTR) continue;
    if (error != 0) return;
    if (request.head().request_id == 0) continue;
    take(request);
    while (request.reply(server_.get()) == EINTR) continue;
  }
}

void PlainServer::run_together() {
  // One is received into while the other is replied with: num_params is the room of one and the count of the other.
  test::RawRequest requests[2];
  unsigned next = 0;
  const auto address = [](test::RawRequest& request) { return reinterpret_cast<std::uintptr_t>(request.words.data()); };
  qcom_tee_reply_receive_arg both{};
  while (!stop_) {
    test::RawRequest& request = requests[next];
    request.head().num_params = request.room;
    both.receive_ptr = address(request);
    both.receive_len = request.words.size() * 8;
    const int error = test::raw_ioctl_with(server_.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, both);
    if (error == EINTR) continue;
    if (error != 0) return;
    if (request.head().request_id == 0) continue;
    take(request);
    both.reply_ptr = address(request);
    both.reply_len = sizeof(qcom_tee_cb_arg) + request.head().num_params * sizeof(qcom_tee_param);
    next ^= 1;
  }
}

}  // namespace qtee::bench
