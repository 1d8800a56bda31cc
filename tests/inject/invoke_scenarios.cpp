// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "scenarios.hpp"

namespace qtee::inject {
namespace {

std::vector<std::byte> bytes_of(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte{vsoc::pattern(3, i)};
  return bytes;
}

/// INVOKE with what `make` makes.
class InvokeScenario : public Scenario {
 public:
  using Make = std::function<RawInvoke()>;
  using Check = std::function<bool(RawInvoke&)>;

  /// `callbacks`: how many callback objects are passed.
  InvokeScenario(Bench& bench, std::string name, Rules rules, int fd, Make make, unsigned callbacks = 0,
                 Check check = {})
      : Scenario(std::move(name), std::move(rules)),
        bench_(bench),
        fd_(fd),
        make_(std::move(make)),
        callbacks_(callbacks),
        check_(std::move(check)) {}

  void prepare() override {
    ids_ = bench_.callback_ids();
    call_.emplace(make_());
  }

  Outcome act() override {
    const int error = call_->invoke(fd_);
    return {error, error != 0 ? 0 : call_->head().result};
  }

  void clean(const Outcome& outcome) override {
    if (outcome.ok()) {
      if (check_) expect(check_(*call_), "the outputs are not what they should be");
      params_close(params_of(*call_), false);
    }
    // One for each that QTEE saw; it saw all or none, and all when it answered.
    const unsigned notified = bench_.notifications_take(ids_);
    expect(notified == callbacks_ || (outcome.error != 0 && notified == 0),
           fmt::format("{} notifications of {} objects came", notified, callbacks_));
  }

 private:
  Bench& bench_;
  const int fd_;
  const Make make_;
  const unsigned callbacks_;
  const Check check_;
  std::uint64_t ids_ = 0;
  std::optional<RawInvoke> call_;
};

/// The same, while QTEE releases callback objects by callback.
class ReleasedByCallback final : public InvokeScenario {
 public:
  ReleasedByCallback(Bench& bench, std::string name, Rules rules, Make make, unsigned callbacks)
      : InvokeScenario(bench, std::move(name), std::move(rules), bench.service_fd(), std::move(make), callbacks),
        service_(bench.service()) {}
  void begin() override { service_.configure(vsoc::ConfigureKey::release_by_callback, 1); }
  void end() override { service_.configure(vsoc::ConfigureKey::release_by_callback, 0); }

 private:
  const vsoc::Service& service_;
};

RawInvoke callback_inputs(const Bench& bench) {
  RawInvoke call(kOpMirror, 15);
  for (unsigned i = 0; i < 15; ++i) call.param(i) = param_object(i, bench.server());
  return call;
}

/// 15 of each kind: callback objects, TEE objects and memory objects, five of each, and all of them back.
class FullHouse {
 public:
  explicit FullHouse(const Bench& bench) : bench_(bench), out_(kBuffers, std::vector<std::byte>(kBytes)) {}

  RawInvoke make() {
    RawInvoke call(kOpMirror, QCOM_TEE_PARAMS_MAX);
    for (unsigned i = 0; i < kBuffers; ++i) {
      std::fill(out_[i].begin(), out_[i].end(), std::byte{});
      call.param(4 * i) = param_in(in_.data(), in_.size());
      call.param(4 * i + 1) = param_out(out_[i].data(), out_[i].size());
      bench_.give(call.param(4 * i + 2), i);
      call.param(4 * i + 2).direction = 1;
      call.param(4 * i + 3) = param_object_out();
    }
    return call;
  }

  bool check(RawInvoke& call) const {
    for (unsigned i = 0; i < kBuffers; ++i) {
      const qcom_tee_param &in = call.param(4 * i + 2), &out = call.param(4 * i + 3);
      if (out_[i] != in_ || out.attr != QCOM_TEE_OBJECT || out.object.host_id != in.object.host_id) return false;
      if (in.object.host_id >= 0 && out.object.id != in.object.id) return false;
    }
    return true;
  }

 private:
  static constexpr unsigned kBuffers = QCOM_TEE_PARAMS_PER_KIND;
  static constexpr std::size_t kBytes = 40;

  const Bench& bench_;
  const std::vector<std::byte> in_ = bytes_of(kBytes);
  std::vector<std::vector<std::byte>> out_;
};

/// A buffer in, and mirrored where it goes out too.
std::unique_ptr<Scenario> buffers(Bench& bench, std::string name, std::size_t size, bool mirrored) {
  const auto in = std::make_shared<const std::vector<std::byte>>(bytes_of(size));
  const auto out = std::make_shared<std::vector<std::byte>>(mirrored ? size : 0);
  return std::make_unique<InvokeScenario>(
      bench, std::move(name), Rules{kInvokeErrors}, bench.service_fd(),
      [=] {
        RawInvoke call(kOpMirror, mirrored ? 2 : 1);
        call.param(0) = param_in(in->data(), in->size());
        if (!mirrored) return call;
        std::fill(out->begin(), out->end(), std::byte{});
        call.param(1) = param_out(out->data(), out->size());
        return call;
      },
      0, [=](RawInvoke& call) { return !mirrored || (call.param(1).buffer.len == size && *out == *in); });
}

bool all_tee_objects(RawInvoke& call) {
  return std::ranges::all_of(params_of(call), [](const qcom_tee_param& param) {
    return param.direction != 0 || param.attr == QCOM_TEE_BUFFER || QCOM_TEE_PARAM_OBJECT_SECURE(&param);
  });
}

/// Registration through the library, whose server gives the credentials.
class Registration final : public Scenario {
 public:
  explicit Registration(Bench& bench)
      : Scenario("register as a client", Rules{kInvokeErrors, kCallbackResults}), bench_(bench) {}

  void begin() override {
    server_.emplace();
    credentials_ = Credentials::of_process().serve(*server_);
  }
  void end() override {
    credentials_ = CallbackObject();
    server_.reset();
  }
  void prepare() override { ids_ = bench_.callback_ids(); }
  Outcome act() override {
    auto outcome = bench_.root().object().try_call<Object>(Root::Op::register_as_client, credentials_);
    if (outcome) {
      client_ = std::move(*outcome);
      return {};
    }
    const std::error_code& error = outcome.error();
    return error.category() == result_category() ? Outcome{0, error.value()} : Outcome{error.value(), 0};
  }
  void clean(const Outcome&) override {
    client_.reset();
    bench_.settle(ids_);
  }

 private:
  Bench& bench_;
  std::uint64_t ids_ = 0;
  std::optional<CallbackServer> server_;
  CallbackObject credentials_;
  Object client_;
};

}  // namespace

void invoke_scenarios_add(Scenarios& scenarios, Bench& bench) {
  const int fd = bench.service_fd();
  const auto add = [&](auto&&... arguments) {
    scenarios.push_back(std::make_unique<InvokeScenario>(bench, std::forward<decltype(arguments)>(arguments)...));
  };

  scenarios.push_back(buffers(bench, "invoke: small buffers", 16, true));
  scenarios.push_back(buffers(bench, "invoke: 128 KiB class", 100'000, false));
  scenarios.push_back(buffers(bench, "invoke: 1 MiB", 1 << 20, false));
  scenarios.push_back(buffers(bench, "invoke: 1 MiB both ways", 1 << 20, true));
  scenarios.push_back(buffers(bench, "invoke: 4 MiB class", (4 << 20) - 8192, false));

  add(
      "root: open", Rules{kInvokeErrors}, bench.root().object().fd(),
      [] {
        static constexpr std::uint32_t kUid = vsoc::kServiceUid;
        return RawInvoke(static_cast<std::uint32_t>(Root::Op::open),
                         {param_in(&kUid, sizeof kUid), param_object_out()});
      },
      0u, all_tee_objects);
  scenarios.push_back(std::make_unique<Registration>(bench));

  add(
      "invoke: one new object", Rules{kInvokeErrors}, fd,
      [] { return RawInvoke(static_cast<std::uint32_t>(vsoc::Op::create), {param_object_out()}); }, 0u,
      all_tee_objects);
  add(
      "invoke: 15 new objects", Rules{kInvokeErrors}, fd,
      [] {
        RawInvoke call(static_cast<std::uint32_t>(vsoc::Op::create), 15);
        for (qcom_tee_param& param : params_of(call)) param = param_object_out();
        return call;
      },
      0u, all_tee_objects);

  add(
      "invoke: a callback object", Rules{kInvokeErrors}, fd,
      [&bench] { return RawInvoke(kOpMirror, {param_object(77, bench.server())}); }, 1u);
  add("invoke: 15 callback objects", Rules{kInvokeErrors}, fd, [&bench] { return callback_inputs(bench); }, 15u);
  scenarios.push_back(std::make_unique<ReleasedByCallback>(
      bench, "invoke: released by callback", Rules{kInvokeErrors}, [&bench] { return callback_inputs(bench); }, 15));
  add(
      "invoke: callback object back", Rules{kInvokeErrors}, fd,
      [&bench] { return RawInvoke(kOpMirror, {param_object(78, bench.server()), param_object_out()}); }, 1u,
      [&bench](RawInvoke& call) {
        return call.param(1).object.id == 78 && call.param(1).object.host_id == bench.server();
      });

  static constexpr vsoc::RangeRequest kRange{0, 4096};
  static std::uint64_t sum;
  add(
      "memory: mapped in a call", Rules{kInvokeErrors, kCallbackResults}, fd,
      [&bench] {
        return RawInvoke(static_cast<std::uint32_t>(vsoc::Op::checksum),
                         {param_in(&kRange, sizeof kRange), param_out(&sum, sizeof sum),
                          param_object(bench.memory(0).fd(), QCOM_TEE_MEMORY_OBJECT)});
      },
      0u,
      [](RawInvoke&) {
        static const std::vector<std::byte> kZeros(kRange.length);
        return sum == vsoc::checksum(kZeros.data(), kZeros.size());
      });
  add(
      "memory: stays mapped", Rules{kInvokeErrors, kCallbackResults}, fd,
      [&bench] {
        return RawInvoke(static_cast<std::uint32_t>(vsoc::Op::map),
                         {param_in(&kRange, sizeof kRange), param_object(bench.memory(0).fd(), QCOM_TEE_MEMORY_OBJECT),
                          param_object_out()});
      },
      0u, all_tee_objects);
  add(
      // Memory that QTEE has mapped already is passed without an allocation.
      "memory: five, and back", Rules{.errors = kInvokeErrors, .may_have_no_points = true}, fd,
      [&bench] {
        RawInvoke call(kOpMirror, 2 * Bench::kMemories);
        for (std::size_t i = 0; i < Bench::kMemories; ++i) {
          call.param(2 * i) = param_object(bench.memory(i).fd(), QCOM_TEE_MEMORY_OBJECT);
          call.param(2 * i + 1) = param_object_out();
        }
        return call;
      },
      0u,
      [](RawInvoke& call) {
        return std::ranges::all_of(params_of(call), [](const qcom_tee_param& param) {
          return param.attr == QCOM_TEE_OBJECT && param.object.host_id == QCOM_TEE_MEMORY_OBJECT;
        });
      });

  const auto house = std::make_shared<FullHouse>(bench);
  add(
      "invoke: 15 of each kind", Rules{kInvokeErrors}, fd, [house] { return house->make(); }, 5u,
      [house](RawInvoke& call) { return house->check(call); });
}

}  // namespace qtee::inject
