// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "front.hpp"
#include "plain_server.hpp"
#include "qtee/callback_server.hpp"
#include "qtee/qtee.hpp"
#include "raw.hpp"
#include "vsoc_service.hpp"

namespace qtee::bench {
namespace {

using test::RawInvoke;

using vsoc::Op;

constexpr std::uint32_t kCallbackOp = 5;
constexpr std::uint32_t kYield = 1;  // of the primordial object

class QteeFront final : public Front {
 public:
  void null() override { invoke(Op::null, {}); }
  void work(std::uint64_t ns) override { invoke(Op::work, {test::param_in(&ns, sizeof ns)}); }
  void echo(std::span<const std::byte> in, std::span<std::byte> out) override {
    invoke(Op::echo, {test::param_in(in.data(), in.size()), test::param_out(out.data(), out.size())});
  }
  void send(std::span<const std::byte> in) override { invoke(Op::mirror, {test::param_in(in.data(), in.size())}); }

  void arguments(Kind kind, unsigned count) override {
    RawInvoke call(static_cast<std::uint32_t>(kind == Kind::output_object ? Op::create : Op::mirror), count);
    for (unsigned i = 0; i < count; ++i) call.param(i) = argument(kind);
    invoke(call);
    if (kind != Kind::output_object) return;
    for (unsigned i = 0; i < count; ++i) made_.emplace_back(FileDescriptor(static_cast<int>(call.param(i).object.id)));
  }
  void drop() override { made_.clear(); }

  std::function<void()> in_place(std::size_t in, std::size_t out, std::span<const std::byte> source) override {
    const auto buffer = std::make_shared<MessageBuffer>(MessageBuffer::allocate(in + out));
    std::ranges::fill(buffer->bytes(), std::byte{7});
    const auto call = std::make_shared<RawInvoke>(static_cast<std::uint32_t>(out != 0 ? Op::echo : Op::mirror),
                                                  std::size_t{out != 0 ? 2u : 1u});
    call->param(0) = test::param_placed(buffer->fd(), true, 0, in);
    return [this, buffer, call, in, out, source] {
      if (!source.empty()) std::memcpy(buffer->bytes().data(), source.data(), in);
      if (out != 0) call->param(1) = test::param_placed(buffer->fd(), false, static_cast<std::uint32_t>(in), out);
      invoke(*call);
    };
  }

  void create() override { created_ = service_.create(); }
  void release() override { created_ = Object(); }

  void call_back(Server server, unsigned times, unsigned objects) override {
    const vsoc::CallbackRequest request{kCallbackOp, times};
    laps_.begin();
    if (server == Server::library) {
      if (!library_) library_make();
      service_.object().call(Op::callback, request, *library_object_);
      return;
    }
    auto& plain = server == Server::plain ? together_ : apart_;
    if (!plain) plain.emplace(server == Server::plain, laps_);
    RawInvoke call(static_cast<std::uint32_t>(Op::callback), 2 + objects);
    call.param(0) = test::param_in(&request, sizeof request);
    call.param(1) = plain->object();
    for (unsigned i = 0; i < objects; ++i) call.param(2 + i) = argument(Kind::input_object);
    invoke(call);
  }
  void call_back_kernel(unsigned times) override {
    const vsoc::CallbackRequest request{kYield, times};
    invoke(Op::primordial, {test::param_in(&request, sizeof request)});
  }
  void nest(unsigned depth) override {
    if (!library_) library_make();
    service_.object().call<std::uint32_t>(Op::nest, std::uint32_t{depth}, *library_object_);
  }

  void memory_make(std::size_t size) override { memory_.emplace(MemoryObject::allocate(size)); }
  void memory_pass() override {
    std::uint64_t sum = 0;
    constexpr vsoc::RangeRequest kRange{0, 4096};
    invoke(Op::checksum, {test::param_in(&kRange, sizeof kRange), test::param_out(&sum, sizeof sum),
                          test::param_object(memory_->fd(), QCOM_TEE_MEMORY_OBJECT)});
  }
  void memory_drop() override { memory_.reset(); }

  void open_objects(unsigned count) override {
    other_ = Root::open();
    while (objects_.size() < count) objects_.push_back(service_.create());
  }
  void close_objects() override {
    objects_.clear();
    other_.reset();
  }

  vsoc::Counters counters() override {
    vsoc::Counters counters{};
    invoke(Op::counters, {test::param_out(&counters, sizeof counters)});
    return counters;
  }

 private:
  static void expect(int error, std::int32_t result) {
    if (error != 0 || result != 0) throw std::runtime_error(fmt::format("errno {}, result {}", error, result));
  }
  void invoke(RawInvoke& call) { expect(call.invoke(service_.object().fd()), call.head().result); }

  // Without an allocation: what is counted is not only the kernel's.
  void invoke(Op op, std::initializer_list<qcom_tee_param> params) {
    alignas(8) std::array<std::byte, sizeof(qcom_tee_object_invoke_arg) + 4 * sizeof(qcom_tee_param)> buffer{};
    auto& head = *reinterpret_cast<qcom_tee_object_invoke_arg*>(buffer.data());
    head.op = static_cast<std::uint32_t>(op);
    head.num_params = static_cast<std::uint32_t>(params.size());
    std::ranges::copy(params, head.params);
    qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(buffer.data()),
                             sizeof head + params.size() * sizeof(qcom_tee_param)};
    expect(test::raw_ioctl(service_.object().fd(), QCOM_TEE_IOCTL_INVOKE, &data), head.result);
  }

  qcom_tee_param argument(Kind kind) {
    switch (kind) {
      case Kind::input:
        return test::param_in(words_.data(), sizeof words_[0]);
      case Kind::output:
        return test::param_out(words_.data(), sizeof words_[0]);
      case Kind::input_object:
        return test::param_object(service_.object().fd(), QCOM_TEE_OBJECT_SECURE);
      case Kind::output_object:
        break;
    }
    return test::param_object_out();
  }

  void library_make() {
    library_.emplace();
    library_object_ = library_->add([this](CallbackRequest& request) {
      if (request.op() == OpCode(vsoc::kNestOp) && request.input_object_count() == 1) {
        const Object service = request.take_object<Object>(0);
        request.set_output(0, service.call<std::uint32_t>(Op::nest, request.input<std::uint32_t>(0), *library_object_));
      } else {
        laps_.lap();
      }
      return Result::ok;
    });
  }

  Root root_ = Root::open();
  vsoc::Service service_ = vsoc::Service::open(root_);
  std::optional<PlainServer> together_, apart_;
  std::optional<CallbackServer> library_;
  std::optional<CallbackObject> library_object_;
  std::array<std::uint64_t, 1> words_{};
  std::optional<MemoryObject> memory_;
  Object created_;
  std::vector<Object> made_;
  std::optional<Root> other_;
  std::vector<Object> objects_;
};

}  // namespace

std::unique_ptr<Front> front_qtee() { return std::make_unique<QteeFront>(); }

}  // namespace qtee::bench
