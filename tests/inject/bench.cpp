// SPDX-License-Identifier: BSD-3-Clause
#include "bench.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace qtee::inject {

using namespace std::chrono_literals;

Bench::Bench()
    : root_(Root::open()),
      service_(vsoc::Service::open(root_)),
      tee_object_(service_.create()),
      server_(test::server_open(O_NONBLOCK)) {
  for (MemoryObject& memory : memories_) memory = MemoryObject::from_huge_page(4096);
}

void Bench::give(qcom_tee_param& param, std::size_t turn, int server) const {
  switch (turn % 3) {
    case 0:
      param = param_object(tee_object(), QCOM_TEE_OBJECT_SECURE);
      break;
    case 1:
      param = param_object(1000 + static_cast<std::int64_t>(turn), server);
      break;
    default:
      param = param_object(memory(turn).fd(), QCOM_TEE_MEMORY_OBJECT);
      break;
  }
  param.direction = 0;
}

void Bench::settle(std::uint64_t ids) const {
  for (const auto end = std::chrono::steady_clock::now() + 5s; std::chrono::steady_clock::now() < end;) {
    service_.null();
    if (callback_ids() <= ids) return;
    std::this_thread::sleep_for(1ms);
  }
}

unsigned Bench::notifications_take(std::uint64_t ids, int server) const {
  settle(ids);
  unsigned count = 0;
  while (test::server_wait(server, 0)) {
    RawRequest request;
    if (request.receive(server) != 0 || request.head().request_id != 0 || request.head().op != QCOM_TEE_OP_RELEASE)
      throw std::runtime_error("a server has what is no notification in its queue");
    ++count;
  }
  return count;
}

void request_wait(int server) {
  if (!test::server_wait(server, 20'000)) throw std::runtime_error("nothing came to a server that should be called");
}

std::span<qcom_tee_param> params_of(RawInvoke& call) { return {&call.param(0), call.head().num_params}; }
std::span<qcom_tee_param> params_of(RawRequest& request) { return {&request.param(0), request.head().num_params}; }

void params_close(std::span<qcom_tee_param> params, bool inputs) {
  for (const qcom_tee_param& param : params) {
    if (param.attr == QCOM_TEE_OBJECT && (param.direction != 0) == inputs && param.object.host_id < 0)
      ::close(static_cast<int>(param.object.id));
  }
}

std::future<Outcome> invoke_elsewhere(int fd, RawInvoke& call) {
  return std::async(std::launch::async, [fd, &call] {
    const int error = call.invoke(fd);
    return Outcome{error, error != 0 ? 0 : call.head().result};
  });
}

Responder::Responder(const Bench& bench)
    : bench_(bench), thread_([this] {
        while (!stop_) {
          if (!test::server_wait(bench_.server(), 20)) continue;
          const std::lock_guard lock(mutex_);
          serve_all();
        }
      }) {}

Responder::~Responder() {
  stop_ = true;
  thread_.join();
}

Responder::Books Responder::books_take() {
  const std::lock_guard lock(mutex_);
  serve_all();
  return std::exchange(books_, {});
}

void Responder::serve_all() {
  RawRequest request(16384);
  while (request.receive(bench_.server()) == 0) {
    if (request.head().request_id == 0) {
      ++books_.notified;
    } else {
      answer(request);
    }
  }
}

void Responder::answer(RawRequest& request) {
  const auto params = params_of(request);
  params_close(params, true);
  unsigned callbacks = 0;
  std::size_t turn = 0;
  for (qcom_tee_param& param : params) {
    if (param.direction != 0) continue;
    if (param.attr == QCOM_TEE_BUFFER) {
      param.buffer.addr = reinterpret_cast<std::uintptr_t>(bytes_.data());
      param.buffer.len = std::min<std::uint64_t>(param.buffer.len, sizeof bytes_);
    } else {
      bench_.give(param, turn++);
      if (param.object.host_id >= 0) ++callbacks;
    }
  }
  if (request.reply(bench_.server()) == 0) books_.given += callbacks;
}

}  // namespace qtee::inject
