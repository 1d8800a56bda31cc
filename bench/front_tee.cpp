// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <stdexcept>
#include <vector>

#include "front.hpp"
#include "teeclient/invocation.hpp"
#include "teeclient/server.hpp"
#include "vsoc/service.hpp"

namespace qtee::bench {
namespace {

using tee::Invocation;
using tee::Object;
using tee::Outcome;
using tee::Received;
using tee::TeeDevice;
using vsoc::Op;

class Nothing final : public tee::Callback {
 public:
  std::int32_t invoke(tee::Request&) override { return 0; }
};

Invocation call(Op op) { return Invocation(static_cast<std::uint32_t>(op)); }

void expect(const Outcome& outcome) {
  if (!outcome.ok()) throw std::runtime_error(fmt::format("errno {}, result {}", outcome.error, outcome.result));
}

// The firmware lets anybody open it through the root object.
Object service_of(const std::shared_ptr<TeeDevice>& device) {
  Received service;
  expect(Invocation(0).in_value(vsoc::kServiceUid).out_object(service).run(Object::root(device)));
  return service.take();
}

class TeeFront final : public Front {
 public:
  void null() override { expect(call(Op::null).run(service_)); }
  void echo(std::span<const std::byte> in, std::span<std::byte> out) override {
    expect(call(Op::echo).in(in).out(out.data(), out.size()).run(service_));
  }
  void send(std::span<const std::byte> in) override { expect(call(Op::mirror).in(in).run(service_)); }

  void create() override { expect(call(Op::create).out_object(created_).run(service_)); }
  void release() override { expect(created_.take().release()); }

  void call_back(unsigned times) override {
    expect(call(Op::callback).in_value(vsoc::CallbackRequest{5, times}).in_callback(server_, callback_).run(service_));
  }

  void map_memory() override {
    std::uint64_t sum = 0;
    expect(call(Op::checksum).in_value(vsoc::RangeRequest{0, 4096}).out_value(sum).in_memory(memory_).run(service_));
  }

  void open_objects() override {
    other_ = TeeDevice::open();
    const Object service = service_of(other_);
    while (objects_.size() < kObjects) {
      std::vector<Received> made(10);
      Invocation create = call(Op::create);
      for (Received& object : made) create.out_object(object);
      expect(create.run(service));
      for (Received& object : made) objects_.push_back(object.take());
    }
  }
  void close_objects() override {
    // With the device closed they release nothing by themselves.
    other_->close();
    objects_.clear();
    other_.reset();
  }

 private:
  std::shared_ptr<TeeDevice> device_ = TeeDevice::open();
  tee::Server server_{device_};
  const std::uint64_t callback_ = server_.add(std::make_shared<Nothing>());
  Object service_ = service_of(device_);
  tee::SharedMemory memory_{*device_, kMemory};
  Received created_;
  std::shared_ptr<TeeDevice> other_;
  std::vector<Object> objects_;
};

}  // namespace

std::unique_ptr<Front> front_tee() { return std::make_unique<TeeFront>(); }

}  // namespace qtee::bench
