// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "scenarios.hpp"

namespace qtee::inject {
namespace {

constexpr std::uint64_t kTarget = 7;
constexpr std::uint32_t kOp = 5;

/// A request to a server of the bench's, whose invoker waits on a thread of its own.
class Requested : public Scenario {
 public:
  /// What the request has beside its target.
  struct Shape {
    unsigned in_buffers = 0;
    unsigned out_buffers = 0;
    unsigned in_objects = 0;
    unsigned out_objects = 0;
    std::uint32_t repeat = 1;
  };

  Requested(Bench& bench, std::string name, const Shape& shape, int server)
      : Scenario(std::move(name), Rules{kServerErrors}),
        bench_(bench),
        shape_(shape),
        server_(server),
        head_{kOp, shape.repeat} {
    for (std::size_t i = 0; i < data_.size(); ++i) data_[i] = std::byte{vsoc::pattern(11, i)};
  }

  void prepare() override {
    ids_ = bench_.callback_ids();
    notifications_ = 1;
    call_.emplace(kOpCallback, 2 + shape_.in_buffers + shape_.out_buffers + shape_.in_objects + shape_.out_objects);
    std::size_t at = 0;
    call_->param(at++) = param_in(&head_, sizeof head_);
    call_->param(at++) = param_object(kTarget, server_);
    for (unsigned i = 0; i < shape_.in_buffers; ++i) call_->param(at++) = param_in(data_.data(), data_.size());
    for (unsigned i = 0; i < shape_.out_buffers; ++i) call_->param(at++) = param_out(out_[i].data(), out_[i].size());
    for (unsigned i = 0; i < shape_.in_objects; ++i) {
      bench_.give(call_->param(at), i, server_);
      if (call_->param(at).object.host_id >= 0) ++notifications_;
      call_->param(at++).direction = 1;
    }
    for (unsigned i = 0; i < shape_.out_objects; ++i) call_->param(at++) = param_object_out();
    for (auto& out : out_) out.fill(std::byte{});
    invoker_ = invoke_elsewhere(bench_.service_fd(), *call_);
    request_wait(server_);
  }

 protected:
  const Bench& bench() const { return bench_; }
  int server() const { return server_; }
  RawRequest& request() { return request_; }

  /// Receives where nothing fails.
  void receive(RawRequest& request) {
    request_wait(server_);
    if (const int error = request.receive(server_))
      throw std::runtime_error(fmt::format("a request can't be received: {}", ::strerrorname_np(error)));
  }

  /// Whether a request is what the invoker sent. What came with it is closed.
  void check(RawRequest& request) {
    const auto params = params_of(request);
    expect(request.head().id == kTarget && request.head().op == kOp && request.head().request_id != 0,
           "the request is not the one that was made");
    expect(params.size() == shape_.in_buffers + shape_.out_buffers + shape_.in_objects + shape_.out_objects,
           "the request has another number of parameters");
    for (const qcom_tee_param& param : params) {
      if (param.direction == 0) continue;
      if (param.attr == QCOM_TEE_BUFFER) {
        expect(param.buffer.len == data_.size() &&
                   std::memcmp(reinterpret_cast<const void*>(param.buffer.addr), data_.data(), data_.size()) == 0,
               "an input buffer has other contents");
      } else {
        expect(param.attr == QCOM_TEE_OBJECT, "an input object did not come");
      }
    }
    params_close(params, true);
  }

  /// Puts all outputs of an answer in their place.
  void fill(RawRequest& request) {
    std::size_t turn = 0;
    for (qcom_tee_param& param : params_of(request)) {
      if (param.direction != 0) continue;
      if (param.attr == QCOM_TEE_BUFFER) {
        param.buffer.addr = reinterpret_cast<std::uintptr_t>(data_.data());
        param.buffer.len = data_.size();
      } else {
        bench_.give(param, turn++, server_);
        if (param.object.host_id >= 0) ++notifications_;
      }
    }
  }

  /// Answers where nothing fails.
  void reply(RawRequest& request) {
    const int error = request.reply(server_);
    expect(error == 0, fmt::format("a request that waits can't be answered: error {}", error));
  }

  /// The request is answered: the invoker has what it wants, and the server hears of each object once.
  void finish() {
    const Outcome invoked = invoker_.get();
    expect(invoked.ok(), fmt::format("the invoker gets error {}, result {}", invoked.error, invoked.result));
    if (invoked.ok()) {
      for (unsigned i = 0; i < shape_.out_buffers; ++i) expect(out_[i] == data_, "an output buffer has other contents");
      for (const qcom_tee_param& param : params_of(*call_))
        expect(param.direction != 0 || param.attr != QCOM_TEE_OBJECT_NULL, "an output object did not come");
      params_close(params_of(*call_), false);
    }
    const unsigned notified = bench_.notifications_take(ids_, server_);
    expect(notified == notifications_, fmt::format("{} notifications of {} objects came", notified, notifications_));
  }

 private:
  Bench& bench_;
  const Shape shape_;
  const int server_;
  const vsoc::CallbackRequest head_;
  std::uint64_t ids_ = 0;
  unsigned notifications_ = 0;  // that the server is to get of this run
  std::array<std::byte, 48> data_{};
  std::array<std::array<std::byte, 48>, QCOM_TEE_PARAMS_PER_KIND> out_{};
  std::optional<RawInvoke> call_;
  std::future<Outcome> invoker_;
  RawRequest request_{8192};
};

class Receive final : public Requested {
 public:
  Receive(Bench& bench, std::string name, const Shape& shape)
      : Requested(bench, std::move(name), shape, bench.server()) {}

  Outcome act() override { return {request().receive(server()), 0}; }
  void clean(const Outcome& outcome) override {
    // It waits for somebody who can take it.
    if (!outcome.ok()) receive(request());
    check(request());
    fill(request());
    reply(request());
    finish();
  }
};

class Reply final : public Requested {
 public:
  Reply(Bench& bench, std::string name, const Shape& shape)
      : Requested(bench, std::move(name), shape, bench.server()) {}

  void prepare() override {
    Requested::prepare();
    receive(request());
    check(request());
    fill(request());
  }
  Outcome act() override { return {request().reply(server()), 0}; }
  void clean(const Outcome& outcome) override {
    if (!outcome.ok()) reply(request());
    finish();
  }
};

struct OwnServer {
  FileDescriptor fd = test::server_open();  // blocks
};

/// The first of two requests is answered, and the second received, in one call.
class ReplyReceive final : private OwnServer, public Requested {
 public:
  explicit ReplyReceive(Bench& bench)
      : Requested(bench, "reply and receive", {.in_buffers = 1, .out_buffers = 1, .repeat = 2}, OwnServer::fd.get()) {}

  void prepare() override {
    Requested::prepare();
    receive(request());
    check(request());
    fill(request());
    second_.head().num_params = second_.room;
    both_ = {reinterpret_cast<std::uintptr_t>(request().words.data()),
             sizeof(qcom_tee_cb_arg) + request().head().num_params * sizeof(qcom_tee_param),
             reinterpret_cast<std::uintptr_t>(second_.words.data()), second_.words.size() * 8};
  }
  Outcome act() override { return {test::raw_ioctl_with(server(), QCOM_TEE_IOCTL_REPLY_RECEIVE, both_), 0}; }
  void clean(const Outcome& outcome) override {
    if (!outcome.ok()) {
      if (both_.reply_len != 0) reply(request());
      receive(second_);
    } else {
      expect(both_.reply_len == 0, "a reply that was taken is not marked as taken");
    }
    check(second_);
    fill(second_);
    reply(second_);
    finish();
  }

 private:
  RawRequest second_;
  qcom_tee_reply_receive_arg both_{};
};

/// A notification.
class ReceiveRelease final : public Scenario {
 public:
  explicit ReceiveRelease(Bench& bench) : Scenario("receive: a release", Rules{kServerErrors}), bench_(bench) {}

  void prepare() override {
    const std::uint64_t ids = bench_.callback_ids();
    RawInvoke call(kOpMirror, {param_object(kTarget, bench_.server())});
    expect(call.invoke(bench_.service_fd()) == 0, "the object can't be passed");
    bench_.settle(ids);
    request_wait(bench_.server());
  }
  Outcome act() override { return {request_.receive(bench_.server()), 0}; }
  void clean(const Outcome& outcome) override {
    if (!outcome.ok()) {
      request_wait(bench_.server());
      expect(request_.receive(bench_.server()) == 0, "the notification can't be received");
    }
    expect(
        request_.head().request_id == 0 && request_.head().op == QCOM_TEE_OP_RELEASE && request_.head().id == kTarget,
        "this is not the notification");
    expect(!test::server_wait(bench_.server(), 0), "there is a second notification");
  }

 private:
  Bench& bench_;
  RawRequest request_;
};

}  // namespace

void server_scenarios_add(Scenarios& scenarios, Bench& bench) {
  const Requested::Shape plain{.in_buffers = 1, .out_buffers = 1};
  const Requested::Shape objects{.in_objects = 3, .out_objects = 3};
  // The first input buffer and the first input object are the operation's own.
  const Requested::Shape full{.in_buffers = 14, .out_buffers = 15, .in_objects = 14, .out_objects = 15};
  scenarios.push_back(std::make_unique<Receive>(bench, "receive: buffers", plain));
  scenarios.push_back(std::make_unique<Receive>(bench, "receive: objects", objects));
  scenarios.push_back(std::make_unique<Receive>(bench, "receive: all there may be", full));
  scenarios.push_back(std::make_unique<ReceiveRelease>(bench));
  scenarios.push_back(std::make_unique<Reply>(bench, "reply: nothing", Requested::Shape{}));
  scenarios.push_back(std::make_unique<Reply>(bench, "reply: buffers", plain));
  scenarios.push_back(std::make_unique<Reply>(bench, "reply: objects", objects));
  scenarios.push_back(std::make_unique<Reply>(bench, "reply: all there may be", full));
  scenarios.push_back(std::make_unique<ReplyReceive>(bench));
}

}  // namespace qtee::inject
