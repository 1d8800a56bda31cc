// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <optional>
#include <vector>

#include "front.hpp"
#include "teeclient/invocation.hpp"
#include "teeclient/server.hpp"

namespace qtee::bench {
namespace {

using tee::Invocation;
using tee::Object;
using tee::Outcome;
using tee::Received;
using tee::TeeDevice;
using vsoc::Op;

Invocation call(Op op) { return Invocation(static_cast<std::uint32_t>(op)); }

void expect(const Outcome& outcome) {
  if (!outcome.ok()) throw std::runtime_error(fmt::format("errno {}, result {}", outcome.error, outcome.result));
}

// Answers with success, and invokes where it is asked to.
class Callee final : public tee::Callback {
 public:
  Callee(Laps& laps, tee::Server& server) : laps_(laps), server_(server) {}
  void id_set(std::uint64_t id) { id_ = id; }

  std::int32_t invoke(tee::Request& request) override {
    std::uint32_t depth = 0, reached = 0;
    if (request.op() != vsoc::kNestOp || !request.has_shape(1, 1, 1, 0) || !request.input_value(0, depth)) {
      laps_.lap();
      return 0;
    }
    const Object service = request.in_objects()[0].take();
    const Outcome outcome = call(Op::nest).in_value(depth).out_value(reached).in_callback(server_, id_).run(service);
    request.reply_value(0, reached);
    return outcome.ok() ? 0 : 1;
  }

 private:
  Laps& laps_;
  tee::Server& server_;
  std::uint64_t id_ = 0;
};

// The firmware lets anybody open it through the root object.
Object service_of(const std::shared_ptr<TeeDevice>& device) {
  Received service;
  expect(Invocation(0).in_value(vsoc::kServiceUid).out_object(service).run(Object::root(device)));
  return service.take();
}

class TeeFront final : public Front {
 public:
  TeeFront() : callback_(callee_make(server_)) {}

  void null() override { expect(call(Op::null).run(service_)); }
  void work(std::uint64_t ns) override { expect(call(Op::work).in_value(ns).run(service_)); }
  void echo(std::span<const std::byte> in, std::span<std::byte> out) override {
    expect(call(Op::echo).in(in).out(out.data(), out.size()).run(service_));
  }
  void send(std::span<const std::byte> in) override { expect(call(Op::mirror).in(in).run(service_)); }

  void arguments(Kind kind, unsigned count) override {
    if (kind == Kind::output_object) {
      objects_make(service_, count, made_);
      return;
    }
    Invocation invocation = call(Op::mirror);
    for (unsigned i = 0; i < count; ++i) {
      if (kind == Kind::input) invocation.in(&word_, sizeof word_);
      if (kind == Kind::output) invocation.out(&word_, sizeof word_);
      if (kind == Kind::input_object) invocation.in_object(service_);
    }
    expect(invocation.run(service_));
  }
  void drop() override { made_.clear(); }

  void create() override { expect(call(Op::create).out_object(created_).run(service_)); }
  void release() override { expect(created_.take().release()); }

  void call_back(Server server, unsigned times, unsigned objects) override {
    if (server != Server::plain) throw Unsupported("other servers");
    laps_.begin();
    Invocation invocation = call(Op::callback);
    invocation.in_value(vsoc::CallbackRequest{5, times}).in_callback(server_, callback_);
    for (unsigned i = 0; i < objects; ++i) invocation.in_object(service_);
    expect(invocation.run(service_));
  }
  void call_back_kernel(unsigned times) override {
    expect(call(Op::primordial).in_value(vsoc::CallbackRequest{1, times}).run(service_));
  }
  void nest(unsigned depth) override {
    if (!nesting_) nesting_.emplace(*this);
    std::uint32_t reached = 0;
    expect(call(Op::nest)
               .in_value(std::uint32_t{depth})
               .out_value(reached)
               .in_callback(nesting_->server, nesting_->callback)
               .run(nesting_->service));
  }

  void memory_make(std::size_t size) override { memory_.emplace(*device_, size); }
  void memory_pass() override {
    std::uint64_t sum = 0;
    expect(call(Op::checksum).in_value(vsoc::RangeRequest{0, 4096}).out_value(sum).in_memory(*memory_).run(service_));
  }
  void memory_drop() override { memory_.reset(); }

  void open_objects(unsigned count) override {
    other_ = TeeDevice::open();
    const Object service = service_of(other_);
    while (objects_.size() < count) objects_make(service, 10, objects_);
  }
  void close_objects() override {
    // With the device closed they release nothing by themselves.
    other_->close();
    objects_.clear();
    other_.reset();
  }

  vsoc::Counters counters() override {
    vsoc::Counters counters{};
    expect(call(Op::counters).out_value(counters).run(service_));
    return counters;
  }

 private:
  // A file of its own, whose server has a thread for each level.
  struct Nesting {
    explicit Nesting(TeeFront& front) : callback(front.callee_make(server)) {}
    std::shared_ptr<TeeDevice> device = TeeDevice::open();
    tee::Server server{device, {.threads = 8}};
    Object service = service_of(device);
    std::uint64_t callback;
  };

  std::uint64_t callee_make(tee::Server& server) {
    const auto callee = std::make_shared<Callee>(laps_, server);
    const std::uint64_t id = server.add(callee);
    callee->id_set(id);
    return id;
  }

  static void objects_make(const Object& service, unsigned count, std::vector<Object>& objects) {
    std::vector<Received> made(count);
    Invocation create = call(Op::create);
    for (Received& object : made) create.out_object(object);
    expect(create.run(service));
    for (Received& object : made) objects.push_back(object.take());
  }

  std::shared_ptr<TeeDevice> device_ = TeeDevice::open();
  tee::Server server_{device_};
  const std::uint64_t callback_;
  std::optional<Nesting> nesting_;
  Object service_ = service_of(device_);
  std::uint64_t word_ = 0;
  std::optional<tee::SharedMemory> memory_;
  Received created_;
  std::vector<Object> made_;
  std::shared_ptr<TeeDevice> other_;
  std::vector<Object> objects_;
};

}  // namespace

std::unique_ptr<Front> front_tee() { return std::make_unique<TeeFront>(); }

}  // namespace qtee::bench
