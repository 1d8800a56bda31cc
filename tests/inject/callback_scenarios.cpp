// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include "scenarios.hpp"

namespace qtee::inject {
namespace {

/// An invocation that calls back, while another thread serves: the request is made in the invoker's thread.
class CalledBack final : public Scenario {
 public:
  explicit CalledBack(Bench& bench)
      : Scenario("invoke: called back", Rules{kInvokeErrors, kCallbackResults}), bench_(bench) {}

  void begin() override { responder_.emplace(bench_); }
  void end() override { responder_.reset(); }

  void prepare() override {
    ids_ = bench_.callback_ids();
    call_.emplace(kOpCallback,
                  std::initializer_list<qcom_tee_param>{
                      param_in(&kRequest, sizeof kRequest), param_in(data_.data(), data_.size()),
                      param_out(out_.data(), out_.size()), param_object(1, bench_.server()),
                      param_object(bench_.tee_object(), QCOM_TEE_OBJECT_SECURE), param_object(2, bench_.server()),
                      param_object(bench_.memory(0).fd(), QCOM_TEE_MEMORY_OBJECT), param_object_out(),
                      param_object_out(), param_object_out()});
  }

  Outcome act() override {
    const int error = call_->invoke(bench_.service_fd());
    return {error, error != 0 ? 0 : call_->head().result};
  }

  void clean(const Outcome& outcome) override {
    if (outcome.ok()) params_close(params_of(*call_), false);
    bench_.settle(ids_);
    // One for each of ours that QTEE saw, and for each that was taken in an answer, whatever came of it.
    const Responder::Books books = responder_->books_take();
    const unsigned of_inputs = books.notified - books.given;
    expect(of_inputs == kInputs || (outcome.error != 0 && books.notified == 0),
           fmt::format("{} notifications came of {} objects and {} in answers", books.notified, kInputs, books.given));
  }

 private:
  static constexpr vsoc::CallbackRequest kRequest{5, 1};
  static constexpr unsigned kInputs = 2;

  Bench& bench_;
  std::uint64_t ids_ = 0;
  std::array<std::byte, 100> data_{};
  std::array<std::byte, 100> out_{};
  std::optional<Responder> responder_;
  std::optional<RawInvoke> call_;
};

/// An invocation for which all pairs of message buffers are taken, so that it makes one. Others wait in callbacks
/// meanwhile; all run on one CPU, whose free pairs and the shared ones they have.
class NoBuffers final : public Scenario {
 public:
  explicit NoBuffers(Bench& bench) : Scenario("invoke: makes its buffers", rules()), bench_(bench) {}

  void begin() override {
    ids_ = bench_.callback_ids();
    const std::uint64_t before = bench_.message_pairs();
    while (bench_.message_pairs() == before) block();
    reachable_ = blocked_.size();
    release();
  }
  void prepare() override {
    ids_ = bench_.callback_ids();
    pairs_ = bench_.message_pairs();
    while (blocked_.size() < reachable_) block();
    expect(bench_.message_pairs() == pairs_, "the invocations that should take all buffers have made some");
  }
  Outcome act() override {
    const int error = call_.invoke(bench_.service_fd());
    return {error, error != 0 ? 0 : call_.head().result};
  }
  void clean(const Outcome& outcome) override {
    const std::uint64_t made = bench_.message_pairs() - pairs_;
    expect(made == 1 || (made == 0 && !outcome.ok()), fmt::format("{} pairs of buffers were made", made));
    reachable_ += made;
    release();
  }

 private:
  static constexpr vsoc::CallbackRequest kRequest{5, 1};

  struct Blocked {
    RawInvoke call;
    RawRequest request;
    std::future<Outcome> outcome;
  };

  static Rules rules() {
    Rules rules{kInvokeErrors};
    rules.makes_buffers = true;
    return rules;
  }

  void block() {
    auto blocked = std::make_unique<Blocked>(
        RawInvoke(kOpCallback, {param_in(&kRequest, sizeof kRequest), param_object(1, bench_.server())}));
    blocked->outcome = invoke_elsewhere(bench_.service_fd(), blocked->call);
    request_wait(bench_.server());
    if (blocked->request.receive(bench_.server()) != 0) throw std::runtime_error("a request can't be received");
    blocked_.push_back(std::move(blocked));
  }

  void release() {
    const std::size_t count = blocked_.size();
    for (const auto& blocked : blocked_) {
      expect(blocked->request.reply(bench_.server()) == 0, "a request that waited can't be answered");
      expect(blocked->outcome.get().ok(), "an invocation that waited has failed");
    }
    blocked_.clear();
    expect(bench_.notifications_take(ids_) == count, "releases are not notified of");
  }

  Bench& bench_;
  std::uint64_t ids_ = 0;
  std::uint64_t pairs_ = 0;
  std::size_t reachable_ = 0;
  std::vector<std::unique_ptr<Blocked>> blocked_;
  RawInvoke call_{static_cast<std::uint32_t>(vsoc::Op::null), std::size_t{0}};
};

}  // namespace

void callback_scenarios_add(Scenarios& scenarios, Bench& bench) {
  scenarios.push_back(std::make_unique<CalledBack>(bench));
  scenarios.push_back(std::make_unique<NoBuffers>(bench));
}

}  // namespace qtee::inject
