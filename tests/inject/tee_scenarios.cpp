// SPDX-License-Identifier: BSD-3-Clause
//
// The ioctls of /dev/teeN. Each run has an open of its own, since ids and requests are counted per open.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "scenarios.hpp"
#include "teeclient/device.hpp"

namespace qtee::inject {
namespace {

using tee::Param;
using tee::TeeDevice;

constexpr std::uint64_t kMetaReceive = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT | TEE_IOCTL_PARAM_ATTR_META;
constexpr std::uint64_t kMetaSend = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT | TEE_IOCTL_PARAM_ATTR_META;
constexpr std::uint64_t kTarget = 7;

Param buffer_in(const void* data, std::size_t size) {
  return {TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT, reinterpret_cast<std::uintptr_t>(data), size, 0};
}
Param buffer_out(const void* data, std::size_t size) {
  return {TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT, reinterpret_cast<std::uintptr_t>(data), size, 0};
}
Param object_in(std::uint64_t id, tee::RefFlag flag) { return {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT, id, flag, 0}; }
Param object_out() { return {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT, 0, 0, 0}; }

// Errors of OBJECT_INVOKE, SUPPL_RECV and SUPPL_SEND, and of the others.
const std::vector<int> kTeeErrors{ENOMEM, EFAULT, EBUSY};
const std::vector<int> kMemoryErrors{ENOMEM, EFAULT};

/// A call on a device of its own, with the private service open and shared memory.
class TeeScenario : public Scenario {
 public:
  using Act = std::function<Outcome(TeeScenario&)>;

  TeeScenario(std::string name, Rules rules, Act act = {})
      : Scenario(std::move(name), std::move(rules)), act_(std::move(act)) {}

  void prepare() override {
    device_ = TeeDevice::open();
    static const std::uint32_t uid = vsoc::kServiceUid;
    std::vector<Param> params{buffer_in(&uid, sizeof uid), object_out()};
    if (!good(device_->invoke(TEE_OBJREF_NULL, 0, params))) throw std::runtime_error("the service can't be opened");
    service_ = params[1].a;
  }
  Outcome act() override { return act_(*this); }
  void clean(const Outcome&) override {
    for (const int fd : fds_) ::close(fd);
    fds_.clear();
    device_.reset();
  }

  const TeeDevice& device() const { return *device_; }
  std::uint64_t service() const { return service_; }
  void keep(int fd) { fds_.push_back(fd); }

  Outcome invoke(std::uint32_t op, std::vector<Param>& params) const {
    const tee::Outcome outcome = device_->invoke(service_, op, params);
    return {outcome.error, outcome.result};
  }
  static bool good(const tee::Outcome& outcome) { return outcome.ok(); }

  std::uint64_t memory() {
    struct tee_ioctl_shm_alloc_data data = {};
    data.size = 4096;
    const int fd = device_->control(TEE_IOC_SHM_ALLOC, &data);
    if (fd < 0) throw std::runtime_error("shared memory can't be allocated");
    keep(fd);
    return static_cast<std::uint64_t>(data.id);
  }

 private:
  Act act_;
  std::shared_ptr<TeeDevice> device_;
  std::uint64_t service_ = 0;
  std::vector<int> fds_;
};

/// 15 of each kind and all of them back: TEE objects, callback objects, memory.
class FullHouse final : public TeeScenario {
 public:
  FullHouse() : TeeScenario("tee invoke: all there may be", Rules{kTeeErrors}) {}

  void prepare() override {
    TeeScenario::prepare();
    const std::uint64_t memory = this->memory();
    params_.clear();
    for (std::size_t i = 0; i < 15; ++i) {
      params_.push_back(object_out());
      params_.push_back(buffer_in(in_.data(), in_.size()));
      params_.push_back(i % 3 == 0   ? object_in(service(), tee::kRefTee)
                        : i % 3 == 1 ? object_in(i, tee::kRefUser)
                                     : object_in(memory, tee::kRefMemory));
      params_.push_back(buffer_out(out_[i].data(), in_.size()));
    }
    for (auto& out : out_) out.fill(std::byte{});
  }
  Outcome act() override { return invoke(kOpMirror, params_); }
  void clean(const Outcome& outcome) override {
    for (std::size_t i = 0; outcome.ok() && i < 15; ++i) {
      const Param &in = params_[4 * i + 2], &out = params_[4 * i];
      expect(out_[i] == in_, "an output buffer has other contents");
      expect(out.b == in.b && (i % 3 == 0 || out.a == in.a), "an output object is another");
    }
    TeeScenario::clean(outcome);
  }

 private:
  std::array<std::byte, 40> in_ = [] {
    std::array<std::byte, 40> bytes;
    bytes.fill(std::byte{0x5A});
    return bytes;
  }();
  std::array<std::array<std::byte, 40>, 15> out_{};
  std::vector<Param> params_;
};

/// A request to the file, whose invoker waits on a thread of its own.
class Requested : public TeeScenario {
 public:
  explicit Requested(std::string name) : TeeScenario(std::move(name), Rules{kServerErrors}) {}

  void prepare() override {
    TeeScenario::prepare();
    static const vsoc::CallbackRequest head{5, 1};
    call_ = {buffer_in(&head, sizeof head),        object_in(kTarget, tee::kRefUser),
             buffer_in(bytes_.data(), 48),         object_in(service(), tee::kRefTee),
             object_in(8, tee::kRefUser),          object_in(memory(), tee::kRefMemory),
             buffer_out(out_.data(), out_.size()), object_out()};
    invoker_ = std::async(std::launch::async, [this] { return invoke(kOpCallback, call_); });
  }

 protected:
  int receive() {
    request_.assign(11, Param{});
    request_[0] = {kMetaReceive, reinterpret_cast<std::uintptr_t>(area_.data()), sizeof area_, 0};
    return device().receive(func_, request_);
  }
  /// Receives where nothing fails.
  void receive_surely() {
    if (const int error = receive()) throw std::runtime_error(fmt::format("a request can't be received: {}", error));
    check();
  }
  void check() {
    expect(func_ == 5 && request_.size() == 7 && request_[0].a == kTarget, "the request is not the one that was made");
    expect(request_[1].b == 48 && std::memcmp(reinterpret_cast<void*>(request_[1].a), bytes_.data(), 48) == 0,
           "an input buffer has other contents");
  }
  int send() {
    std::vector<Param> answer = request_;
    answer[0] = {kMetaSend, request_[0].b, 0, 0};
    for (Param& param : answer) {
      if (param.attr == TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT)
        param.a = reinterpret_cast<std::uintptr_t>(bytes_.data());
      if (param.attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT) param = {param.attr, 9, tee::kRefUser, 0};
    }
    return device().send(0, answer);
  }
  /// Ends a request, if it waits still.
  void refuse() {
    std::vector<Param> answer{{kMetaSend, request_[0].b, 0, 0}};
    device().send(1, answer);
  }
  Outcome invoked() { return invoker_.get(); }

 private:
  std::array<std::byte, 48> bytes_ = [] {
    std::array<std::byte, 48> bytes;
    bytes.fill(std::byte{0x3C});
    return bytes;
  }();
  std::array<std::byte, 48> out_{};
  std::array<std::uint64_t, 128> area_{};
  std::vector<Param> call_, request_;
  std::uint32_t func_ = 0;
  std::future<Outcome> invoker_;
};

class Receive final : public Requested {
 public:
  Receive() : Requested("tee receive") {}
  Outcome act() override { return {receive(), 0}; }
  void clean(const Outcome& outcome) override {
    // It waits for the next who receives.
    if (outcome.ok())
      check();
    else
      receive_surely();
    expect(send() == 0, "a request that waits can't be answered");
    const Outcome end = invoked();
    expect(end.ok(), fmt::format("the invoker gets error {}, result {}", end.error, end.result));
    Requested::clean(outcome);
  }
};

class Send final : public Requested {
 public:
  Send() : Requested("tee send") {}
  void prepare() override {
    Requested::prepare();
    receive_surely();
  }
  Outcome act() override { return {send(), 0}; }
  void clean(const Outcome& outcome) override {
    // An answer that is refused ends the request, unless it could not even be read whose it is.
    if (!outcome.ok()) refuse();
    const Outcome end = invoked();
    expect(end.error == 0 && (end.result == 0) == outcome.ok(),
           fmt::format("the invoker gets error {}, result {}", end.error, end.result));
    Requested::clean(outcome);
  }
};

}  // namespace

void tee_scenarios_add(Scenarios& scenarios, Bench& bench) {
  if (::access(TeeDevice::default_path().c_str(), F_OK) != 0) return;
  const auto add = [&](std::string name, Rules rules, TeeScenario::Act act) {
    scenarios.push_back(std::make_unique<TeeScenario>(std::move(name), std::move(rules), std::move(act)));
  };
  add("tee invoke: nothing", Rules{kTeeErrors}, [](TeeScenario& self) {
    std::vector<Param> none;
    return self.invoke(static_cast<std::uint32_t>(vsoc::Op::null), none);
  });
  add("tee invoke: objects come", Rules{kTeeErrors}, [](TeeScenario& self) {
    std::vector<Param> params(15, object_out());
    return self.invoke(static_cast<std::uint32_t>(vsoc::Op::create), params);
  });
  scenarios.push_back(std::make_unique<FullHouse>());
  scenarios.push_back(std::make_unique<Receive>());
  scenarios.push_back(std::make_unique<Send>());
  add("tee release", Rules{{EFAULT}}, [](TeeScenario& self) {
    std::vector<Param> none;
    const tee::Outcome outcome = self.device().invoke(self.service(), tee::kOpRelease, none);
    return Outcome{outcome.error, outcome.result};
  });
  add("tee memory: allocated", Rules{kMemoryErrors}, [](TeeScenario& self) {
    struct tee_ioctl_shm_alloc_data data = {};
    data.size = 8192;
    const int fd = self.device().control(TEE_IOC_SHM_ALLOC, &data);
    if (fd >= 0) self.keep(fd);
    return Outcome{fd < 0 ? -fd : 0, 0};
  });
  add("tee memory: a dma-buf", Rules{kMemoryErrors}, [&bench](TeeScenario& self) {
    tee::RegisterFd data = {};
    data.fd = bench.memory(0).fd();
    const int fd = self.device().control(tee::kIocRegisterFd, &data);
    if (fd >= 0) self.keep(fd);
    return Outcome{fd < 0 ? -fd : 0, 0};
  });
  add("tee open and close", Rules{kMemoryErrors}, [](TeeScenario&) {
    const int fd = ::open(TeeDevice::default_path().c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return Outcome{errno, 0};
    ::close(fd);
    return Outcome{};
  });
}

}  // namespace qtee::inject
