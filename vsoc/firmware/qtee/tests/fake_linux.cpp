// SPDX-License-Identifier: BSD-3-Clause

#include "fake_linux.hpp"

#include <algorithm>
#include <cstdio>

namespace qtee::fw::test {
namespace {

constexpr std::uint64_t kPage = FakeMachine::kPage;
constexpr std::uint32_t kOutMessage = 4096;

std::uint64_t align8(std::uint64_t size) { return (size + 7) / 8 * 8; }

std::uint32_t get(std::span<const std::byte> memory, std::uint64_t at) {
  std::uint32_t word;
  std::memcpy(&word, memory.data() + at, 4);
  return word;
}

void put(std::span<std::byte> memory, std::uint64_t at, std::uint32_t word) {
  std::memcpy(memory.data() + at, &word, 4);
}

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(value));
  return text;
}

bool is_callback_id(Id id) { return (id & 0x80000000) != 0; }

}  // namespace

SmcFrame FakeLinux::smc(std::uint64_t x0, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3, std::uint64_t x4,
                        std::uint64_t x5, std::uint64_t x6) {
  SmcFrame frame{{x0, x1, x2, x3, x4, x5, x6, 0}};
  firmware_smc(frame);
  return frame;
}

Memory FakeLinux::memory(std::uint64_t size) {
  size = (size + kPage - 1) / kPage * kPage;
  Memory memory;
  {
    const std::lock_guard guard(mutex_);
    auto& list = free_pages_[size];
    if (!list.empty()) {
      memory.paddr = list.back();
      list.pop_back();
    } else {
      memory.paddr = next_page_;
      next_page_ += size;
    }
  }
  std::byte* bytes = machine_.ns_memory(memory.paddr, size);
  if (bytes == nullptr) {
    std::fprintf(stderr, "the fake machine is out of memory\n");
    std::abort();
  }
  memory.bytes = {bytes, size};
  std::ranges::fill(memory.bytes, std::byte{0});
  if (bridging_) bridge_create(memory);
  return memory;
}

void FakeLinux::memory_free(const Memory& memory) {
  std::uint64_t handle = 0;
  {
    const std::lock_guard guard(mutex_);
    if (auto found = bridge_handles_.find(memory.paddr); found != bridge_handles_.end()) {
      handle = found->second;
      bridge_handles_.erase(found);
    }
  }
  if (handle != 0) {
    SmcFrame frame = bridge_delete(handle);
    for (int turn = 0; turn < 1000 && static_cast<std::int64_t>(frame.x[0]) == -12; ++turn)
      frame = bridge_delete(handle);
    if (frame.x[0] != 0)
      breach("deletion of a bridge answers " + std::to_string(static_cast<std::int64_t>(frame.x[0])));
  }
  const std::lock_guard guard(mutex_);
  free_pages_[memory.bytes.size()].push_back(memory.paddr);
}

void FakeLinux::bridges_enable() {
  const SmcFrame frame = smc(0x42000C1C);
  if (frame.x[0] == 0 && frame.x[1] == 0) bridging_ = true;
}

std::uint64_t FakeLinux::bridge_create(const Memory& memory, std::uint64_t perms) {
  const SmcFrame frame =
      smc(0x42000C1E, 4, memory.paddr | perms, memory.paddr | perms, memory.bytes.size() | 1 << 9, 3);
  if (frame.x[0] != 0 || frame.x[1] != 0) return 0;
  const std::lock_guard guard(mutex_);
  bridge_handles_[memory.paddr] = frame.x[2];
  return frame.x[2];
}

void FakeLinux::breach(std::string what) {
  const std::lock_guard guard(mutex_);
  breaches_.push_back(std::move(what));
}

std::vector<std::string> FakeLinux::take_breaches() {
  const std::lock_guard guard(mutex_);
  return std::exchange(breaches_, {});
}

std::vector<Id> FakeLinux::alive() {
  const std::lock_guard guard(mutex_);
  std::vector<Id> ids;
  for (const auto& [id, entry] : given_) ids.push_back(id);
  return ids;
}

std::size_t FakeLinux::references() {
  const std::lock_guard guard(mutex_);
  std::size_t sum = 0;
  for (const auto& [id, count] : held_) sum += count;
  return sum;
}

Id FakeLinux::object(Handler handler) {
  const std::lock_guard guard(mutex_);
  const Id id = next_id_++;
  fresh_[id] = {std::move(handler), {}};
  return id;
}

Id FakeLinux::memory_object(const Memory& memory) {
  const std::lock_guard guard(mutex_);
  const Id id = next_id_++;
  fresh_[id] = {nullptr, memory};
  return id;
}

void FakeLinux::give(Id id) {
  const std::lock_guard guard(mutex_);
  if (auto node = fresh_.extract(id)) given_.insert(std::move(node));
}

void FakeLinux::got(Id id) {
  if (id <= kRoot || is_callback_id(id)) return;
  const std::lock_guard guard(mutex_);
  ++held_[id];
}

void FakeLinux::released(Id id) {
  if (on_release) on_release(id);
  const std::lock_guard guard(mutex_);
  if (given_.erase(id) == 0) breaches_.push_back("release of " + hex(id) + ", which QTEE does not hold");
}

Answer FakeLinux::release(Id id) {
  {
    const std::lock_guard guard(mutex_);
    if (auto found = held_.find(id); found != held_.end() && --found->second == 0) held_.erase(found);
  }
  return invoke(id, 0xFFFF);
}

void FakeLinux::release_all(const Answer& answer) {
  for (const Id id : answer.objects) {
    if (id > kRoot && !is_callback_id(id)) release(id);
  }
}

Id FakeLinux::open(std::uint32_t uid) {
  const Answer env = invoke(kRoot, 5, {.objects = {0}, .wanted = 1});
  if (!env.ok()) return 0;
  const Answer service = invoke(env.objects[0], 0, {.ins = {bytes_of(uid)}, .wanted = 1});
  release(env.objects[0]);
  return service.ok() ? service.objects[0] : 0;
}

vsoc::Report FakeLinux::report(Id service) {
  return value_of<vsoc::Report>(invoke(service, vsoc::Op::report, {.outs = {sizeof(vsoc::Report)}}).outs.at(0));
}

vsoc::Counters FakeLinux::counters(Id service) {
  return value_of<vsoc::Counters>(invoke(service, vsoc::Op::counters, {.outs = {sizeof(vsoc::Counters)}}).outs.at(0));
}

void FakeLinux::wait_queue_sleep(std::uint64_t queue) {
  ++slept_seen;
  for (;;) {
    {
      const std::lock_guard guard(mutex_);
      if (woken_[queue] != 0) {
        --woken_[queue];
        return;
      }
    }
    if (machine_.waitq_irqs.load() == 0) {
      machine_.relax();
      continue;
    }
    machine_.waitq_irqs.store(0);
    for (bool more = true; more;) {
      const SmcFrame frame = smc(0xC2002403);
      if (frame.x[0] != 0) break;
      if (frame.x[2] != 1) breach("wake-up flags are " + std::to_string(frame.x[2]));
      more = frame.x[3] != 0;
      const std::lock_guard guard(mutex_);
      ++woken_[frame.x[1]];
    }
  }
}

SmcFrame FakeLinux::call(std::uint64_t fid, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3, std::uint64_t x4,
                         std::uint64_t x5) {
  SmcFrame frame = smc(fid, x1, x2, x3, x4, x5);
  for (;;) {
    switch (static_cast<std::int64_t>(frame.x[0])) {
      case 1:
        ++interrupted_seen;
        frame = smc(1, x1, x2, x3, x4, x5, frame.x[6]);
        break;
      case 2: {
        const std::uint64_t context = frame.x[2];
        wait_queue_sleep(frame.x[1]);
        frame = smc(0x42002402, 1, context);
        break;
      }
      case -12:
        ++busy_seen;
        machine_.relax();
        frame = smc(fid, x1, x2, x3, x4, x5);
        break;
      default:
        return frame;
    }
  }
}

Answer FakeLinux::invoke(Id target, std::uint32_t op, const Arguments& arguments) {
  const std::size_t ins = arguments.ins.size();
  const std::size_t outs = arguments.outs.size();
  const std::size_t total = ins + outs + arguments.objects.size() + arguments.wanted;
  std::uint64_t payload = align8(12 + 8 * total);
  std::uint64_t size = payload;
  for (const Bytes& bytes : arguments.ins) size += align8(bytes.size());
  for (const std::uint32_t offered : arguments.outs) size += align8(offered);
  const Memory in = memory(size);
  const Memory out = memory(kOutMessage);
  put(in.bytes, 0, target);
  put(in.bytes, 4, op);
  put(in.bytes, 8,
      static_cast<std::uint32_t>(ins | outs << 4 | arguments.objects.size() << 8 |
                                 std::uint64_t{arguments.wanted} << 12));
  std::uint64_t arg = 12;
  for (const Bytes& bytes : arguments.ins) {
    put(in.bytes, arg, static_cast<std::uint32_t>(payload));
    put(in.bytes, arg + 4, static_cast<std::uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(in.bytes.data() + payload, bytes.data(), bytes.size());
    payload += align8(bytes.size());
    arg += 8;
  }
  for (const std::uint32_t offered : arguments.outs) {
    put(in.bytes, arg, static_cast<std::uint32_t>(payload));
    put(in.bytes, arg + 4, offered);
    payload += align8(offered);
    arg += 8;
  }
  for (const Id id : arguments.objects) {
    put(in.bytes, arg, id);
    give(id);
    arg += 8;
  }
  std::vector<Id> map_objects;
  if (ahead) tell_ahead(out.bytes, arguments.objects, map_objects);
  if (on_send) on_send(out.bytes);
  SmcFrame frame = call(kInvoke, 0x224, in.paddr, in.bytes.size(), out.paddr, out.bytes.size());
  const bool taken = frame.x[0] == 0;
  while (frame.x[0] == 0 && frame.x[1] == 3) {
    serve(out);
    frame = call(kCallbackResponse, 0x22, out.paddr, out.bytes.size(), 0, 0);
  }
  Answer answer;
  if (frame.x[0] == 0) {
    take_async(out, 0);
    if (frame.x[2] == 0) answer = read_answer(in, arguments);
  } else if (!taken) {
    // The ids are gone with the message.
    const std::lock_guard guard(mutex_);
    for (const Id id : arguments.objects) given_.erase(id);
    for (const Id id : map_objects) given_.erase(id);
  }
  answer.status = static_cast<std::int64_t>(frame.x[0]);
  answer.type = frame.x[1];
  answer.result = static_cast<std::int32_t>(frame.x[2]);
  memory_free(out);
  memory_free(in);
  return answer;
}

void FakeLinux::tell_ahead(std::span<std::byte> out, const std::vector<Id>& objects, std::vector<Id>& map_objects) {
  std::uint64_t at = 0;
  for (const Id id : objects) {
    Memory memory;
    {
      const std::lock_guard guard(mutex_);
      if (const auto found = given_.find(id); found != given_.end()) memory = found->second.memory;
    }
    if (memory.bytes.empty()) continue;
    map_objects.push_back(memory_object(memory));
    give(map_objects.back());
    const std::uint64_t range[] = {memory.paddr, memory.bytes.size()};
    const std::uint32_t words[] = {0x00010002, 3, 1, 0, id, map_objects.back()};
    std::memcpy(out.data() + at, words, sizeof words);
    std::memcpy(out.data() + at + 24, range, sizeof range);
    put(out, at + 40, memory.perms);
    at += 48;
  }
}

Answer FakeLinux::read_answer(const Memory& in, const Arguments& arguments) {
  Answer answer;
  std::uint64_t arg = 12 + 8 * arguments.ins.size();
  std::uint64_t offset =
      align8(12 + 8 * (arguments.ins.size() + arguments.outs.size() + arguments.objects.size() + arguments.wanted));
  for (const Bytes& bytes : arguments.ins) offset += align8(bytes.size());
  for (const std::uint32_t offered : arguments.outs) {
    const std::uint32_t size = get(in.bytes, arg + 4);
    if (size > offered) answer.broken.push_back("output buffer grown to " + std::to_string(size));
    if (get(in.bytes, arg) != offset) answer.broken.push_back("output buffer moved");
    const std::byte* data = in.bytes.data() + offset;
    answer.outs.emplace_back(data, data + std::min(size, offered));
    offset += align8(offered);
    arg += 8;
  }
  arg += 8 * arguments.objects.size();
  for (unsigned index = 0; index < arguments.wanted; ++index, arg += 8) {
    const Id id = get(in.bytes, arg);
    if (is_callback_id(id) && id != kPrimordial) {
      const std::lock_guard guard(mutex_);
      if (!given_.contains(id)) answer.broken.push_back("output object " + hex(id) + " is unknown");
    }
    got(id);
    answer.objects.push_back(id);
  }
  return answer;
}

void FakeLinux::take_async(const Memory& out, std::uint64_t at) {
  const std::uint64_t start = at;
  while (at + 12 <= out.bytes.size()) {
    const std::uint32_t version = get(out.bytes, at);
    if (version == 0) break;
    if (version >> 16 != 1) {
      breach("asynchronous message of version " + hex(version));
      break;
    }
    const std::uint32_t op = get(out.bytes, at + 4);
    const std::uint64_t count = get(out.bytes, at + 8);
    if (12 + 4 * count > out.bytes.size() - at) {
      breach("asynchronous message past the end");
      break;
    }
    if (op == 0xFFFF) {
      for (std::uint64_t index = 0; index < count; ++index) released(get(out.bytes, at + 12 + 4 * index));
    } else {
      breach("asynchronous operation " + hex(op));
    }
    at += align8(12 + 4 * count);
  }
  std::fill(out.bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(start, out.bytes.size())),
            out.bytes.end(), std::byte{0});
}

void FakeLinux::serve(const Memory& out) {
  const std::int32_t result = serve_request(out);
  put(out.bytes, 0, static_cast<std::uint32_t>(result));
}

std::int32_t FakeLinux::serve_request(const Memory& out) {
  constexpr std::int32_t kRefused = -96;
  Request request;
  if (get(out.bytes, 0) != 0) breach("a callback request's result is not 0");
  request.object = get(out.bytes, 4);
  const std::uint32_t op_word = get(out.bytes, 8);
  request.op = op_word & 0xFFFF;
  const std::uint32_t counts = get(out.bytes, 12);
  if (counts > 0xFFFF) {
    breach("callback counts " + hex(counts));
    return kRefused;
  }
  const std::uint32_t ins = counts & 15;
  const std::uint32_t outs = counts >> 4 & 15;
  const std::uint32_t objects = counts >> 8 & 15;
  request.wanted = counts >> 12;
  std::uint64_t offset = align8(16 + 8 * (ins + outs + objects + request.wanted));
  std::uint64_t arg = 16;
  std::vector<std::uint64_t> out_offsets;
  bool sound = true;
  for (std::uint32_t index = 0; index < ins + outs && sound; ++index, arg += 8) {
    const std::uint64_t at = get(out.bytes, arg);
    const std::uint64_t size = get(out.bytes, arg + 4);
    if (at != offset || size > out.bytes.size() - offset) {
      breach("callback buffer at " + hex(at) + "+" + hex(size) + " where " + hex(offset) + " was due");
      sound = false;
      break;
    }
    if (index < ins) {
      request.ins.emplace_back(out.bytes.data() + at, out.bytes.data() + at + size);
    } else {
      request.outs.push_back(static_cast<std::uint32_t>(size));
      out_offsets.push_back(at);
    }
    offset += align8(size);
  }
  if (!sound) return kRefused;
  for (std::uint32_t index = 0; index < objects; ++index, arg += 8) {
    const Id id = get(out.bytes, arg);
    got(id);
    request.objects.push_back(id);
  }
  // Releases come first: they may be of ids that this very request must not name.
  take_async(out, offset);
  for (const Id id : request.objects) {
    if (!is_callback_id(id) || id == kPrimordial) continue;
    const std::lock_guard guard(mutex_);
    if (given_.contains(id)) continue;
    breaches_.push_back("callback passes unknown " + hex(id));
    return kRefused;
  }
  Reply reply = dispatch(request);
  if (on_reply) on_reply(request, reply);
  if (reply.result != 0) return reply.result;
  std::uint64_t out_arg = 16 + 8 * std::uint64_t{ins};
  for (std::uint32_t index = 0; index < outs; ++index, out_arg += 8) {
    const std::size_t size = index < reply.outs.size() ? reply.outs[index].size() : 0;
    const std::size_t written = std::min<std::size_t>(size, request.outs[index]);
    if (written != 0) std::memcpy(out.bytes.data() + out_offsets[index], reply.outs[index].data(), written);
    put(out.bytes, out_arg + 4, static_cast<std::uint32_t>(size));
  }
  for (std::uint32_t index = 0; index < request.wanted; ++index, arg += 8) {
    const Id id = index < reply.objects.size() ? reply.objects[index] : 0;
    give(id);
    put(out.bytes, arg, id);
  }
  return 0;
}

Reply FakeLinux::dispatch(const Request& request) {
  if (on_request) {
    if (const std::int32_t result = on_request(request); result != 0) return {.result = result};
  }
  if (request.object == kPrimordial) return primordial(request);
  if (request.op == 0xFFFF) {
    released(request.object);
    return {};
  }
  Handler handler;
  {
    const std::lock_guard guard(mutex_);
    const auto found = given_.find(request.object);
    if (found == given_.end()) {
      breaches_.push_back("callback to unknown " + hex(request.object));
      return {.result = -96};
    }
    handler = found->second.handler;
  }
  return handler ? handler(request) : Reply{.result = -96};
}

Reply FakeLinux::primordial(const Request& request) {
  if (request.op == 1) return {};
  if (request.op != 0 || request.outs.size() != 1 || request.objects.size() != 1 || request.wanted != 1) {
    return {.result = -96};
  }
  Memory memory;
  {
    const std::lock_guard guard(mutex_);
    const auto found = given_.find(request.objects[0]);
    if (found == given_.end() || found->second.memory.bytes.empty()) return {.result = -96};
    memory = found->second.memory;
  }
  Bytes info(20);
  const std::uint64_t size = memory.bytes.size();
  std::memcpy(info.data(), &memory.paddr, 8);
  std::memcpy(info.data() + 8, &size, 8);
  std::memcpy(info.data() + 16, &memory.perms, 4);
  return {.outs = {info}, .objects = {memory_object(memory)}};
}

}  // namespace qtee::fw::test
