// SPDX-License-Identifier: BSD-3-Clause
#include "rig.hpp"

#include <chrono>
#include <cstdlib>

#include "firmware.hpp"

namespace qtee::fw::services_test {
namespace {

constexpr std::uint64_t kFidInvoke = 0x72000602;
constexpr std::uint64_t kFidCallbackResponse = 0x72000601;
constexpr std::uint64_t kRequestNeeded = 3;
constexpr std::uint64_t kRamBase = 0x80000000;
constexpr std::size_t kRamSize = 16u << 20;
constexpr std::size_t kPage = 4096;
constexpr Id kRoot = 1, kPrimordial = 0x80000000;
constexpr std::uint32_t kOpRelease = 0xFFFF;

constexpr std::size_t align8(std::size_t n) { return (n + 7) & ~std::size_t{7}; }
constexpr std::size_t pages(std::size_t n) { return (n + kPage - 1) & ~(kPage - 1); }

std::uint32_t get(std::span<const std::byte> at, std::size_t offset) {
  std::uint32_t word;
  std::memcpy(&word, at.data() + offset, sizeof word);
  return word;
}
void put(std::span<std::byte> at, std::size_t offset, std::uint32_t word) {
  std::memcpy(at.data() + offset, &word, sizeof word);
}

std::span<std::byte> aligned(std::size_t size) {
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(kPage, size));
  std::memset(memory, 0, size);
  return {memory, size};
}

}  // namespace

// The machine, and memory that is handed out upwards and, for messages, taken back.
struct Rig::Box final : Machine {
  explicit Box(std::size_t heap_size) : ram(aligned(kRamSize)), heap(aligned(heap_size)) {}
  ~Box() {
    std::free(ram.data());
    std::free(heap.data());
  }

  std::byte* ns_memory(std::uint64_t paddr, std::uint64_t size) override {
    if (paddr < kRamBase || size > kRamSize || paddr - kRamBase > kRamSize - size) return nullptr;
    return ram.data() + (paddr - kRamBase);
  }
  std::uint64_t now_ns() override {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
  }
  void relax() override {}
  void raise_waitq_irq() override {}
  std::uint32_t waitq_hwirq() override { return 0; }
  void log(std::string_view line) override { logged.emplace_back(line); }

  std::span<std::byte> take(std::size_t size, std::uint64_t& paddr) {
    paddr = kRamBase + used;
    used += pages(size);
    EXPECT_LE(used, kRamSize);
    const auto memory = ram.subspan(paddr - kRamBase, pages(size));
    std::memset(memory.data(), 0, memory.size());
    return memory;
  }

  std::span<std::byte> ram, heap;
  std::size_t used = 0;
  std::vector<std::string> logged;
  std::span<std::byte> out;  // the outbound buffer of the innermost invocation
  Id env = 0, service = 0;
  vsoc::Report before{};
};

Rig::Rig(std::size_t heap_size) : box_(std::make_unique<Box>(heap_size)) {
  firmware_start(*box_, box_->heap);
  Answer env = op(vsoc::client_env::kRegisterWithCredentials).object(0).wants(1).run(kRoot);
  EXPECT_EQ(env.result, 0);
  box_->env = env.result == 0 ? env.objects[0] : 0;
  box_->service = open(vsoc::kServiceUid);
  EXPECT_NE(box_->service, 0u);
  box_->before = report();
}

Rig::~Rig() = default;

Id Rig::fresh(Entry entry) {
  const Id id = next_++;
  ids_.emplace(id, std::move(entry));
  return id;
}

Id Rig::callback(Handler handler) { return fresh({std::move(handler), {}, false}); }
Id Rig::memory_object(const Memory& memory) { return fresh({{}, memory, false}); }

Memory Rig::memory(std::size_t size, std::uint32_t perms) {
  Memory memory;
  memory.bytes = box_->take(size, memory.paddr);
  memory.perms = perms;
  return memory;
}

void Rig::id_released(Id id) {
  if (id == kPrimordial) return;
  EXPECT_EQ(ids_.erase(id), 1u) << "QTEE released id " << std::hex << id << ", which it does not hold";
  if (on_release) on_release(id);
}

void Rig::async_take(std::size_t at) {
  for (;;) {
    if (at + 12 > box_->out.size() || get(box_->out, at) == 0) break;
    EXPECT_EQ(get(box_->out, at) >> 16, 1u);
    EXPECT_EQ(get(box_->out, at + 4), kOpRelease);
    const std::size_t count = get(box_->out, at + 8);
    ASSERT_LE(at + 12 + 4 * count, box_->out.size());
    for (std::size_t i = 0; i < count; ++i) id_released(get(box_->out, at + 12 + 4 * i));
    const std::size_t next = align8(at + 12 + 4 * count);
    std::memset(box_->out.data() + at, 0, std::min(next, box_->out.size()) - at);
    at = next;
  }
}

Reply Rig::primordial(const Request& request) {
  if (request.op == 1) {
    ++yields_;
    return {};
  }
  if (request.op != 0 || request.outs.size() != 1 || request.outs[0] < 20 || request.objects.size() != 1 ||
      request.wanted != 1)
    return {.result = -96};
  ++map_requests_;
  const auto found = ids_.find(request.objects[0]);
  const bool is_memory = found != ids_.end() && !found->second.memory.bytes.empty();
  MapAnswer answer;
  if (is_memory) {
    const Memory& memory = found->second.memory;
    answer = {0, memory.paddr, memory.bytes.size(), memory.perms, true, 20};
  } else {
    answer.result = -96;
  }
  if (on_map) answer = on_map(answer);
  if (answer.result != 0) return {.result = answer.result};
  Bytes info(20);
  std::memcpy(info.data(), &answer.paddr, 8);
  std::memcpy(info.data() + 8, &answer.size, 8);
  std::memcpy(info.data() + 16, &answer.perms, 4);
  info.resize(std::min(answer.info_size, info.size()));
  return {.outs = {info}, .objects = {answer.map_object ? fresh({{}, {}, true}) : 0}};
}

void Rig::callback_serve() {
  const auto out = box_->out;
  const std::uint32_t counts = get(out, 12);
  const unsigned ins = counts & 15, outs = counts >> 4 & 15, ois = counts >> 8 & 15, oos = counts >> 12 & 15;
  const Id id = get(out, 4);
  Request request;
  request.op = get(out, 8) & 0xFFFF;
  request.wanted = oos;
  // Payloads must lie back to back, or the real driver would wipe what lies beyond.
  std::size_t end = align8(16 + 8 * (ins + outs + ois + oos));
  for (unsigned i = 0; i < ins + outs; ++i) {
    const std::size_t offset = get(out, 16 + 8 * i), size = get(out, 20 + 8 * i);
    EXPECT_EQ(offset, end);
    ASSERT_LE(offset + size, out.size());
    end += align8(size);
    if (i < ins)
      request.ins.emplace_back(out.begin() + static_cast<std::ptrdiff_t>(offset),
                               out.begin() + static_cast<std::ptrdiff_t>(offset + size));
    else
      request.outs.push_back(size);
  }
  for (unsigned i = 0; i < ois; ++i) request.objects.push_back(get(out, 16 + 8 * (ins + outs + i)));
  async_take(end);

  Reply reply;
  if (id == kPrimordial) {
    reply = primordial(request);
  } else if (request.op == kOpRelease) {
    id_released(id);
  } else if (const auto found = ids_.find(id); found != ids_.end() && found->second.handler) {
    const Handler handler = found->second.handler;  // the id may be released while it runs
    reply = handler(request);
  } else {
    ADD_FAILURE() << "callback to id " << std::hex << id;
    reply.result = -92;
  }

  put(out, 0, static_cast<std::uint32_t>(reply.result));
  if (reply.result != 0) return;
  for (unsigned i = 0; i < outs; ++i) {
    const Bytes bytes = i < reply.outs.size() ? reply.outs[i] : Bytes{};
    const std::size_t size = std::min(bytes.size(), request.outs[i]);
    if (size != 0) std::memcpy(out.data() + get(out, 16 + 8 * (ins + i)), bytes.data(), size);
    put(out, 20 + 8 * (ins + i), static_cast<std::uint32_t>(i == 0 && reply.raw_size != 0 ? reply.raw_size : size));
  }
  for (unsigned i = 0; i < oos; ++i)
    put(out, 16 + 8 * (ins + outs + ois + i), i < reply.objects.size() ? reply.objects[i] : 0);
}

Answer Rig::invoke(Id target, Invoke& call) {
  const std::size_t used = box_->used;
  const auto outer = box_->out;
  std::size_t size = align8(12 + 8 * (call.ins_.size() + call.outs_.size() + call.objects_.size() + call.wanted_));
  for (const auto& bytes : call.ins_) size += align8(bytes.size());
  for (const auto bytes : call.outs_) size += align8(bytes);
  std::uint64_t in_paddr, out_paddr;
  const auto in = box_->take(size, in_paddr);
  box_->out = box_->take(kPage, out_paddr);

  put(in, 0, target);
  put(in, 4, call.op_);
  put(in, 8,
      static_cast<std::uint32_t>(call.ins_.size() | call.outs_.size() << 4 | call.objects_.size() << 8 |
                                 std::size_t{call.wanted_} << 12));
  std::size_t arg = 12,
              at = align8(12 + 8 * (call.ins_.size() + call.outs_.size() + call.objects_.size() + call.wanted_));
  std::vector<std::size_t> out_offsets;
  for (const auto& bytes : call.ins_) {
    put(in, arg, static_cast<std::uint32_t>(at));
    put(in, arg + 4, static_cast<std::uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(in.data() + at, bytes.data(), bytes.size());
    at += align8(bytes.size());
    arg += 8;
  }
  const std::size_t out_args = arg;
  for (const auto bytes : call.outs_) {
    put(in, arg, static_cast<std::uint32_t>(at));
    put(in, arg + 4, static_cast<std::uint32_t>(bytes));
    out_offsets.push_back(at);
    at += align8(bytes);
    arg += 8;
  }
  for (const auto id : call.objects_) {
    put(in, arg, id);
    arg += 8;
  }

  const auto saved_used = box_->used;
  SmcFrame frame{{kFidInvoke, 0x224, in_paddr, in.size(), out_paddr, kPage, 0, 0}};
  firmware_smc(frame);
  while (frame.x[0] == 0 && frame.x[1] == kRequestNeeded) {
    const auto out = box_->out;
    callback_serve();
    box_->out = out;
    frame = SmcFrame{{kFidCallbackResponse, 0x22, out_paddr, kPage, 0, 0, 0, 0}};
    firmware_smc(frame);
  }
  EXPECT_EQ(frame.x[0], 0u);
  async_take(0);
  Answer answer;
  answer.result = static_cast<std::int32_t>(frame.x[2]);
  if (answer.result == 0) {
    for (std::size_t i = 0; i < call.outs_.size(); ++i) {
      const std::size_t written = get(in, out_args + 8 * i + 4);
      EXPECT_LE(written, call.outs_[i]);
      EXPECT_EQ(get(in, out_args + 8 * i), out_offsets[i]);
      const auto data = in.subspan(out_offsets[i], std::min(written, call.outs_[i]));
      answer.outs.emplace_back(data.begin(), data.end());
    }
    for (unsigned i = 0; i < call.wanted_; ++i) answer.objects.push_back(get(in, arg + 8 * i));
  }
  // Memory objects that a callback made stay; only what was taken for messages alone is given back.
  if (box_->used == saved_used) box_->used = used;
  box_->out = outer;
  return answer;
}

Answer Invoke::run(Id target) && { return rig_->invoke(target, *this); }

void Rig::release(Id id) { EXPECT_EQ(op(kOpRelease).run(id).result, 0); }

vsoc::Report Rig::report() {
  EXPECT_EQ(op(static_cast<std::uint32_t>(vsoc::Op::null)).run(box_->service).result, 0);  // takes what is queued
  const auto answer = op(static_cast<std::uint32_t>(vsoc::Op::report)).out(sizeof(vsoc::Report)).run(box_->service);
  EXPECT_EQ(answer.result, 0);
  return answer.result == 0 ? value_of<vsoc::Report>(answer.outs[0]) : vsoc::Report{};
}

void Rig::expect_clean() {
  const auto now = report();
  const auto& before = box_->before;
  EXPECT_EQ(now.tee_objects, before.tee_objects);
  EXPECT_EQ(now.tee_references, before.tee_references);
  EXPECT_EQ(now.ns_ids, 0u);
  EXPECT_EQ(now.ns_releases_queued, 0u);
  EXPECT_EQ(now.mappings, 0u);
  EXPECT_EQ(now.calls_in_flight, 0u);
  EXPECT_EQ(now.faults, before.faults);
  EXPECT_EQ(now.heap_used, before.heap_used);
  EXPECT_EQ(ids_.size(), 0u) << "ids that QTEE never released";
}

Id Rig::open(std::uint32_t uid) {
  const auto answer = op(vsoc::client_env::kOpen).in_value(uid).wants(1).run(box_->env);
  EXPECT_EQ(answer.result, 0);
  return answer.result == 0 ? answer.objects[0] : 0;
}

Id Rig::load_app(const Bytes& image) {
  const Id loader = open(vsoc::kUidAppLoader);
  const auto loaded = op(vsoc::app_loader::kLoadFromBuffer).in(image).wants(1).run(loader);
  release(loader);
  EXPECT_EQ(loaded.result, 0);
  if (loaded.result != 0) return 0;
  const auto app = op(vsoc::app_controller::kGetAppObject).wants(1).run(loaded.objects[0]);
  release(loaded.objects[0]);
  EXPECT_EQ(app.result, 0);
  return app.result == 0 ? app.objects[0] : 0;
}

}  // namespace qtee::fw::services_test
