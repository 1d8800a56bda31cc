// SPDX-License-Identifier: BSD-3-Clause

#include "private_service.hpp"

#include <vsoc/service.hpp>

#include "call_state.hpp"
#include "heap.hpp"
#include "mapping.hpp"
#include "registry.hpp"
#include "report.hpp"
#include "state.hpp"

namespace qtee::fw {

bool HoldStack::push(ObjectRef object) {
  auto* entry = heap_new<Entry>();
  if (entry == nullptr) return false;
  entry->object = std::move(object);
  SpinGuard guard(lock_);
  entry->below = newest_;
  newest_ = entry;
  return true;
}

ObjectRef HoldStack::peek(unsigned depth) {
  SpinGuard guard(lock_);
  const Entry* entry = newest_;
  while (entry != nullptr && depth-- != 0) entry = entry->below;
  return entry == nullptr ? ObjectRef() : entry->object;
}

bool HoldStack::pop() {
  Entry* entry;
  {
    SpinGuard guard(lock_);
    entry = newest_;
    if (entry == nullptr) return false;
    newest_ = entry->below;
  }
  heap_delete(entry);
  return true;
}

namespace {

using vsoc::Op;

constexpr std::uint64_t kWorkMaxNs = 60'000'000'000;

// Made anew by private_service_start.
struct Service {
  TeeRef object;
  HoldStack held;
};
alignas(Service) constinit std::byte g_service_memory[sizeof(Service)]{};
constinit Service* g_service = nullptr;

// Whether [offset, offset + length) lies in `size` bytes.
bool range_fits(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

void fill(std::span<std::byte> memory, const vsoc::FillRequest& request) {
  for (std::uint64_t at = request.offset; at < request.offset + request.length; ++at) {
    memory[at] = static_cast<std::byte>(vsoc::pattern(request.seed, at));
  }
}

// What Op::map gives out.
class MappedObject final : public Object {
 public:
  explicit MappedObject(std::span<std::byte> range, Mapping mapping) : range_(range), mapping_(std::move(mapping)) {}

  Task<Result> invoke(Call& call, std::uint32_t op) override {
    return Task<Result>::ready(op == static_cast<std::uint32_t>(Op::touch) ? touch(call) : kInvalid);
  }

 private:
  Result touch(Call& call) {
    vsoc::FillRequest request;
    if (!call.shape(1, 1, 0, 0) || !call.in_value(0, request)) return kInvalid;
    if (!range_fits(request.offset, request.length, range_.size())) return kInvalid;
    if (call.out(0).size() < sizeof(std::uint64_t)) return kSizeOut;
    if (!mapping_.readable() || (request.length != 0 && !mapping_.writable())) return kUnavail;
    const std::uint64_t sum = vsoc::checksum(range_.data() + request.offset, request.length);
    fill(range_, request);
    return call.out_value(0, sum);
  }

  std::span<std::byte> range_;
  Mapping mapping_;
};

class PrivateObject final : public Object {
 public:
  explicit PrivateObject(bool service) : Object(service ? Lifetime::fixed : Lifetime::counted) {}
  Task<Result> invoke(Call& call, std::uint32_t op) override;
};

Result echo(Call& call) { return call.shape(1, 1, 0, 0) ? call.out_bytes(0, call.in(0)) : kInvalid; }

Result fail(Call& call) {
  std::int32_t code;
  return call.shape(1, 0, 0, 0) && call.in_value(0, code) ? code : kInvalid;
}

Result work(Call& call) {
  std::uint64_t duration;
  if (!call.shape(1, 0, 0, 0) || !call.in_value(0, duration) || duration > kWorkMaxNs) return kInvalid;
  Machine& machine = *state().machine;
  const std::uint64_t begin = machine.now_ns();
  while (machine.now_ns() - begin < duration) machine.relax();
  return kOk;
}

Result hold(Call& call) {
  if (!call.shape(0, 0, call.objects_in(), 0)) return kInvalid;
  for (unsigned index = 0; index < call.objects_in(); ++index) {
    if (!g_service->held.push(call.take(index))) return kKmem;
  }
  return kOk;
}

Result give(Call& call) {
  if (!call.shape(0, 0, 0, call.objects_out())) return kInvalid;
  for (unsigned index = 0; index < call.objects_out(); ++index) call.object_out(index, g_service->held.peek(index));
  return kOk;
}

Result drop(Call& call) {
  std::uint32_t count;
  if (!call.shape(1, 0, 0, 0) || !call.in_value(0, count)) return kInvalid;
  while (count-- != 0 && g_service->held.pop()) {
  }
  return kOk;
}

Result create(Call& call) {
  if (!call.shape(0, 0, 0, call.objects_out())) return kInvalid;
  for (unsigned index = 0; index < call.objects_out(); ++index) {
    auto object = object_new<PrivateObject>(false);
    if (!object) return kKmem;
    call.object_out(index, std::move(object));
  }
  return kOk;
}

Result report(Call& call) {
  if (!call.shape(0, 1, 0, 0)) return kInvalid;
  vsoc::Report report = report_make();
  --report.calls_in_flight;
  return call.out_value(0, report);
}

Result counters(Call& call) { return call.shape(0, 1, 0, 0) ? call.out_value(0, report_counters()) : kInvalid; }

std::uint64_t nonzero(std::span<const std::byte> bytes) {
  std::uint64_t count = 0;
  for (const std::byte byte : bytes) count += byte != std::byte{0};
  return count;
}

Result residue(Call& call) {
  if (!call.shape(call.ins(), call.outs(), call.objects_in(), 0) || call.outs() == 0) return kInvalid;
  const auto& state = static_cast<CallState&>(call);
  constexpr std::size_t kArg = 8, kId = 4;
  std::size_t at = kInvokeArgs + kArg * (call.ins() + call.outs());
  vsoc::Residue found{};
  found.inbound_size = state.in_message.size();
  found.inbound = nonzero(state.in_message.subspan(at));
  for (unsigned index = 0; index < call.ins(); ++index) found.inbound -= nonzero(call.in(index));
  for (unsigned index = 0; index < call.outs(); ++index) found.outputs += nonzero(call.out(index));
  found.inbound -= found.outputs;
  for (unsigned index = 0; index < call.objects_in(); ++index, at += kArg)
    found.inbound -= nonzero(state.in_message.subspan(at, kId));
  found.outbound_size = state.out.size();
  found.outbound = nonzero(state.out);
  return call.out_value(0, found);
}

Result arm(Call& call) {
  vsoc::ArmRequest request;
  if (!call.shape(1, 0, 0, 0) || !call.in_value(0, request)) return kInvalid;
  const bool sleep = request.kind == static_cast<std::uint32_t>(vsoc::ArmKind::sleep);
  if (sleep && request.count != 0 && state().machine->waitq_hwirq() == 0) return kUnavail;
  return state().arms.set(request) ? kOk : kInvalid;
}

Result configure(Call& call) {
  vsoc::ConfigureRequest request;
  if (!call.shape(1, 0, 0, 0) || !call.in_value(0, request)) return kInvalid;
  switch (static_cast<vsoc::ConfigureKey>(request.key)) {
    case vsoc::ConfigureKey::release_by_callback:
      if (request.value > 1) return kInvalid;
      state().release_by_callback.store(request.value == 1, std::memory_order_relaxed);
      return kOk;
    case vsoc::ConfigureKey::async_version:
      if (request.value < 0x00010000 || request.value > 0x00010002) return kInvalid;
      state().async.set_version(static_cast<std::uint32_t>(request.value));
      return kOk;
    case vsoc::ConfigureKey::contexts:
      if (request.value > 0xFFFFFFFF) return kInvalid;
      state().contexts.store(static_cast<std::uint32_t>(request.value), std::memory_order_relaxed);
      return kOk;
  }
  return kInvalid;
}

Task<Result> fill_object(Call& call) {
  vsoc::FillRequest request;
  if (!call.shape(1, 0, 1, 0) || !call.in_value(0, request)) co_return kInvalid;
  const MapResult mapped = co_await call.map(call.object_in(0).ns());
  if (mapped.result != kOk) co_return mapped.result;
  const auto memory = mapped.mapping.bytes();
  if (!range_fits(request.offset, request.length, memory.size())) co_return kInvalid;
  if (!mapped.mapping.writable()) co_return kUnavail;
  fill(memory, request);
  co_return kOk;
}

Task<Result> checksum_object(Call& call) {
  vsoc::RangeRequest request;
  if (!call.shape(1, 1, 1, 0) || !call.in_value(0, request)) co_return kInvalid;
  if (call.out(0).size() < sizeof(std::uint64_t)) co_return kSizeOut;
  const MapResult mapped = co_await call.map(call.object_in(0).ns());
  if (mapped.result != kOk) co_return mapped.result;
  const auto memory = mapped.mapping.bytes();
  if (!range_fits(request.offset, request.length, memory.size())) co_return kInvalid;
  if (!mapped.mapping.readable()) co_return kUnavail;
  co_return call.out_value(0, vsoc::checksum(memory.data() + request.offset, request.length));
}

Task<Result> map_object(Call& call) {
  vsoc::RangeRequest request;
  if (!call.shape(1, 0, 1, 1) || !call.in_value(0, request)) co_return kInvalid;
  MapResult mapped = co_await call.map(call.object_in(0).ns());
  if (mapped.result != kOk) co_return mapped.result;
  const auto memory = mapped.mapping.bytes();
  if (!range_fits(request.offset, request.length, memory.size())) co_return kInvalid;
  const auto range = memory.subspan(request.offset, request.length);
  auto object = object_new<MappedObject>(range, std::move(mapped.mapping));
  if (!object) co_return kKmem;
  call.object_out(0, std::move(object));
  co_return kOk;
}

Task<Result> nest(Call& call) {
  std::uint32_t depth;
  if (!call.shape(1, 1, 1, 0) || !call.in_value(0, depth)) co_return kInvalid;
  std::uint32_t reached = 0;
  if (call.out(0).size() < sizeof(reached)) co_return kSizeOut;
  if (depth != 0) {
    const std::uint32_t below = depth - 1;
    CallbackArgs args;
    args.add_in_value(below);
    args.add_out_value(reached);
    args.add_object(call.target());
    const Result result = co_await call.callback(call.object_in(0).ns(), vsoc::kNestOp, args);
    if (result != kOk) co_return result;
    if (args.out_size(0) != sizeof(reached)) co_return kRemote;
    ++reached;
  }
  co_return call.out_value(0, reached);
}

// Calls `callee` with the buffers behind the request, and the objects from `first_object` on.
Task<Result> callback(Call& call, NsRef callee, unsigned first_object) {
  vsoc::CallbackRequest request;
  if (call.ins() < 1 || !call.in_value(0, request) || request.op > kOpMask) co_return kInvalid;
  for (std::uint32_t turn = 0; turn == 0 || turn < request.repeat; ++turn) {
    CallbackArgs args;
    for (unsigned index = 1; index < call.ins(); ++index) args.add_in(call.in(index));
    for (unsigned index = 0; index < call.outs(); ++index) args.add_out(call.out(index));
    for (unsigned index = first_object; index < call.objects_in(); ++index) args.add_object(call.object_in(index));
    args.want_objects(call.objects_out());
    const Result result = co_await call.callback(callee, request.op, args);
    if (result != kOk) co_return result;
    for (unsigned index = 0; index < call.outs(); ++index) call.out_size(index, args.out_size(index));
    for (unsigned index = 0; index < call.objects_out(); ++index) call.object_out(index, args.take(index));
  }
  co_return kOk;
}

Task<Result> PrivateObject::invoke(Call& call, std::uint32_t op) {
  const auto ready = [](Result result) { return Task<Result>::ready(result); };
  switch (static_cast<Op>(op)) {
    case Op::null:
      return ready(call.shape(0, 0, 0, 0) ? kOk : kInvalid);
    case Op::echo:
      return ready(echo(call));
    case Op::mirror:
      return ready(private_service_mirror(call, 0));
    case Op::fail:
      return ready(fail(call));
    case Op::work:
      return ready(work(call));
    case Op::fill:
      return fill_object(call);
    case Op::checksum:
      return checksum_object(call);
    case Op::nest:
      return nest(call);
    case Op::callback:
      return call.objects_in() < 1 ? ready(kInvalid) : callback(call, call.object_in(0).ns(), 1);
    case Op::hold:
      return ready(hold(call));
    case Op::give:
      return ready(give(call));
    case Op::drop:
      return ready(drop(call));
    case Op::create:
      return ready(create(call));
    case Op::report:
      return ready(report(call));
    case Op::arm:
      return ready(arm(call));
    case Op::lie:
      return private_service_lie(call);
    case Op::counters:
      return ready(counters(call));
    case Op::configure:
      return ready(configure(call));
    case Op::map:
      return map_object(call);
    case Op::residue:
      return ready(residue(call));
    case Op::touch:
      break;
    case Op::primordial:
      return callback(call, object_primordial(), 0);
  }
  return ready(kInvalid);
}

Result service_open(TeeRef& service) {
  service = g_service->object;
  return kOk;
}

}  // namespace

TeeRef private_service_object_new() { return object_new<PrivateObject>(false); }

Result private_service_mirror(Call& call, unsigned first_in) {
  for (unsigned index = 0; index < call.outs(); ++index) {
    if (first_in + index >= call.ins()) continue;
    if (const Result result = call.out_bytes(index, call.in(first_in + index)); result != kOk) return result;
  }
  for (unsigned index = 0; index < call.objects_out(); ++index) call.object_out(index, call.object_in(index));
  return kOk;
}

bool private_service_start() {
  g_service = ::new (g_service_memory) Service{};
  g_service->object = object_new<PrivateObject>(true);
  return g_service->object && registry_add(vsoc::kServiceUid, service_open);
}

}  // namespace qtee::fw
