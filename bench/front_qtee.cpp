// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "front.hpp"
#include "qtee/callback_server.hpp"
#include "qtee/qtee.hpp"
#include "raw.hpp"
#include "vsoc_service.hpp"

namespace qtee::bench {
namespace {

using test::RawInvoke;
using vsoc::Op;

class QteeFront final : public Front {
 public:
  void null() override { invoke(Op::null, {}); }
  void echo(std::span<const std::byte> in, std::span<std::byte> out) override {
    invoke(Op::echo, {test::param_in(in.data(), in.size()), test::param_out(out.data(), out.size())});
  }
  void send(std::span<const std::byte> in) override { invoke(Op::mirror, {test::param_in(in.data(), in.size())}); }

  void create() override { created_ = service_.create(); }
  void release() override { created_ = Object(); }

  void call_back(unsigned times) override {
    service_.object().call(Op::callback, vsoc::CallbackRequest{5, times}, callback_);
  }

  void map_memory() override {
    std::uint64_t sum = 0;
    constexpr vsoc::RangeRequest kRange{0, 4096};
    invoke(Op::checksum, {test::param_in(&kRange, sizeof kRange), test::param_out(&sum, sizeof sum),
                          test::param_object(memory_.fd(), QCOM_TEE_MEMORY_OBJECT)});
  }

  void open_objects() override {
    other_ = Root::open();
    while (objects_.size() < kObjects) objects_.push_back(service_.create());
  }
  void close_objects() override {
    objects_.clear();
    other_.reset();
  }

 private:
  void invoke(Op op, std::initializer_list<qcom_tee_param> params) {
    RawInvoke call(static_cast<std::uint32_t>(op), params);
    const int error = call.invoke(service_.object().fd());
    if (error != 0 || call.head().result != 0)
      throw std::runtime_error(fmt::format("errno {}, result {}", error, call.head().result));
  }

  Root root_ = Root::open();
  vsoc::Service service_ = vsoc::Service::open(root_);
  CallbackServer server_;
  CallbackObject callback_ = server_.add([](CallbackRequest&) { return Result::ok; });
  MemoryObject memory_ = MemoryObject::allocate(kMemory);
  Object created_;
  std::optional<Root> other_;
  std::vector<Object> objects_;
};

}  // namespace

std::unique_ptr<Front> front_qtee() { return std::make_unique<QteeFront>(); }

}  // namespace qtee::bench
