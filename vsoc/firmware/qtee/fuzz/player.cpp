// SPDX-License-Identifier: BSD-3-Clause

#include "player.hpp"

#include <cstring>

#include "qtee/report.hpp"
#include "qtee/state.hpp"

namespace qtee::fw::fuzz {
namespace {

constexpr std::uint32_t kInvoke = 0x72000602;
constexpr std::uint32_t kAnswer = 0x72000601;

void put(std::span<std::byte> memory, std::size_t at, std::uint32_t word) { std::memcpy(memory.data() + at, &word, 4); }

std::uint32_t get(std::span<const std::byte> memory, std::size_t at) {
  std::uint32_t word;
  std::memcpy(&word, memory.data() + at, 4);
  return word;
}

std::uint32_t align8(std::uint32_t size) { return (size + 7) & ~7u; }

}  // namespace

std::uint32_t Player::known_id() {
  const std::uint8_t pick = byte();
  return ids_[ids_.size() - 1 - pick % ids_.size()];
}

std::uint32_t Player::input_id() {
  const std::uint8_t pick = byte();
  switch (pick % 8) {
    case 0:
      return 0;
    case 1:
    case 2:
      return known_id();
    case 3:
      return next_id_ - 1 - byte() % 4;  // one that may be held
    case 4:
      return number<std::uint32_t>();
    default:
      return next_id_++;
  }
}

SmcFrame Player::send(SmcFrame frame) {
  SmcFrame answer = frame;
  firmware_smc(answer);
  if (answer.x[0] == 1) deferred_.push_back({frame, answer.x[6], false});
  if (answer.x[0] == 2) deferred_.push_back({frame, answer.x[2], true});
  if (answer.x[0] != 0) return answer;
  if (answer.x[1] == 0 && answer.x[2] == 0 && static_cast<std::uint32_t>(frame.x[0]) == kInvoke) {
    if (const std::byte* in = machine_.ns_memory(frame.x[2], 4096); in != nullptr) learn({in, 4096});
  }
  return answer;
}

// Remembers the ids that an answer brought.
void Player::learn(std::span<const std::byte> message) {
  const std::uint32_t counts = get(message, 8);
  const unsigned before = (counts & 15) + (counts >> 4 & 15) + (counts >> 8 & 15);
  for (unsigned index = 0; index < (counts >> 12 & 15); ++index) {
    const std::uint32_t id = get(message, 12 + 8 * (before + index));
    if (id > 1 && (id & 0x80000000) == 0 && ids_.size() < 1000) ids_.push_back(id);
  }
}

void Player::invoke() {
  const std::uint8_t pages = byte();
  const std::uint64_t in_index = pages & 7;
  const std::uint64_t out_index = 8 + (pages >> 3 & 7);
  const std::span<std::byte> in = page(in_index);
  put(in, 0, pages & 0x80 ? input_id() : known_id());
  const std::uint8_t op = byte();
  put(in, 4, op == 0xFF ? 0xFFFF : op == 0xFE ? number<std::uint32_t>() : op % 24);
  const std::uint16_t wild = number<std::uint16_t>();
  const std::uint32_t counts = byte() & 0x80 ? wild : wild & 0x3333;
  put(in, 8, counts);
  const unsigned ins = counts & 15;
  const unsigned outs = counts >> 4 & 15;
  const unsigned objects = counts >> 8 & 15;
  const unsigned total = ins + outs + objects + (counts >> 12);
  std::uint32_t payload = align8(12 + 8 * total);
  for (unsigned index = 0; index < total; ++index) {
    const std::size_t at = 12 + 8 * index;
    if (index >= ins + outs) {
      put(in, at, index < ins + outs + objects ? input_id() : 0);
      continue;
    }
    const std::uint32_t size = byte();
    put(in, at, payload);
    put(in, at + 4, size);
    for (std::uint32_t each = 0; index < ins && each < size && payload + each < in.size(); ++each) {
      in[payload + each] = std::byte{byte()};
    }
    payload += align8(size);
  }
  tell_ahead(page(out_index), in.subspan(12 + 8 * (ins + outs)), objects);
  if (const std::uint8_t spoil = byte(); spoil & 1) put(in, spoil % 128 * 4, number<std::uint32_t>());
  send({{kInvoke, 0x224, page_paddr(in_index), 4096, page_paddr(out_index), 4096, 0, 0}});
}

// Says, or does not, where the memory of the objects is that an invocation passes.
void Player::tell_ahead(std::span<std::byte> out, std::span<const std::byte> args, unsigned objects) {
  const std::uint8_t how = byte();
  std::size_t at = 0;
  for (unsigned index = 0; index < objects && (how & 1); ++index, at += 48) {
    put(out, at, how & 2 ? number<std::uint32_t>() : 0x00010002);
    put(out, at + 4, 3);
    put(out, at + 8, how & 4 ? byte() : 1);
    put(out, at + 16, how & 8 ? input_id() : get(args, 8 * index));
    put(out, at + 20, input_id());
    const std::uint64_t memory[] = {page_paddr(byte()), std::uint64_t{1 + byte() % 3u} * 4096};
    std::memcpy(out.data() + at + 24, memory, sizeof memory);
    put(out, at + 40, how & 16 ? byte() : 6);
  }
  if ((how & 32) == 0) put(out, at, 0);
}

void Player::answer() {
  const std::uint8_t how = byte();
  const std::uint64_t index = 8 + (how & 7);
  const std::span<std::byte> out = page(index);
  const std::uint32_t counts = get(out, 12) & 0xFFFF;
  put(out, 0, how & 8 ? number<std::uint32_t>() : 0);
  const unsigned ins = counts & 15;
  const unsigned outs = counts >> 4 & 15;
  const unsigned before = ins + outs + (counts >> 8 & 15);
  for (unsigned each = 0; each < outs; ++each) {
    const std::size_t at = 16 + 8 * (ins + each);
    const std::uint32_t offered = get(out, at + 4);
    const std::uint32_t offset = get(out, at);
    const std::uint8_t size = byte();
    put(out, at + 4, size == 0xFF ? number<std::uint32_t>() : offered - offered * size / 512);
    // What MAP_REGION is to answer.
    if (offered >= 20 && offset <= out.size() - 20 && (how & 16)) {
      const std::uint64_t memory[] = {page_paddr(byte()), std::uint64_t{1 + byte() % 3u} * 4096};
      std::memcpy(out.data() + offset, memory, sizeof memory);
      put(out, offset + 16, how & 32 ? byte() : 6);
    }
  }
  for (unsigned each = 0; each < counts >> 12; ++each) put(out, 16 + 8 * (before + each), input_id());
  send({{kAnswer, 0x22, page_paddr(index), 4096, 0, 0, 0, 0}});
}

void Player::raw() {
  static constexpr std::uint64_t kCalls[] = {kInvoke,    kAnswer,    1,          0xC2000601, 0x42000601, 0xC2002404,
                                             0xC2002403, 0x42002402, 0x42000C1C, 0x42000C1D, 0x42000C1E, 0x42000109};
  const std::uint8_t call = byte();
  SmcFrame frame{};
  frame.x[0] = call < 200 ? kCalls[call % 12] : number<std::uint32_t>();
  for (unsigned reg = 1; reg < 7; ++reg) {
    const std::uint8_t kind = byte();
    switch (kind % 4) {
      case 0:
        frame.x[reg] = byte();
        break;
      case 1:
        frame.x[reg] = page_paddr(byte()) | byte() % 8;
        break;
      case 2:
        frame.x[reg] = std::uint64_t{byte()} * 4096 | 1 << 9;
        break;
      default:
        frame.x[reg] = number<std::uint64_t>();
        break;
    }
  }
  send(frame);
}

void Player::bridge() {
  const std::uint8_t what = byte();
  if (what % 8 == 0) {
    send({{0x42000C1C}});
  } else if (what % 2 == 0 && !bridges_.empty()) {
    send({{0x42000C1D, 1, bridges_[byte() % bridges_.size()]}});
  } else {
    const std::uint64_t paddr = page_paddr(byte()) | (what & 8 ? byte() % 8 : 6);
    const SmcFrame made = send({{0x42000C1E, 4, paddr, paddr, (1 + byte() % kPages) * 4096 | 1 << 9, 3}});
    if (made.x[0] == 0 && made.x[1] == 0) bridges_.push_back(made.x[2]);
  }
}

void Player::poke() {
  const std::span<std::byte> where = page(byte());
  put(where, byte() * 4, number<std::uint32_t>());
}

void Player::go_on() {
  if (deferred_.empty()) return;
  const std::size_t at = byte() % deferred_.size();
  const Deferred each = deferred_[at];
  deferred_.erase(deferred_.begin() + static_cast<std::ptrdiff_t>(at));
  SmcFrame frame = each.frame;
  if (each.asleep) {
    frame = {{0x42002402, 1, each.session}};
  } else {
    frame.x[0] = 1;
    frame.x[6] = each.session;
  }
  SmcFrame answer = frame;
  firmware_smc(answer);
  if (answer.x[0] == 2) deferred_.push_back({each.frame, answer.x[2], true});
}

void Player::play() {
  // What everything deeper needs: an environment, the private service, the app loader.
  if (honest(1, 5, 0x1100, 0).x[2] == 0) {
    const std::uint32_t env = ids_.back();
    honest(env, 0, 0x1001, 3);
    honest(env, 0, 0x1001, 0x7E57C0DE);
  }
  while (!input_.empty()) {
    const std::uint8_t action = byte() % 16;
    if (action < 6) {
      invoke();
    } else if (action < 10) {
      answer();
    } else {
      switch (static_cast<Action>(action)) {
        case Action::raw:
          raw();
          break;
        case Action::bridge:
          bridge();
          break;
        case Action::poke:
          poke();
          break;
        case Action::go_on:
          go_on();
          break;
        case Action::woken:
          send({{0xC2002403}});
          break;
        default:
          machine_.skip(std::uint64_t{byte()} << 24);
          break;
      }
    }
  }
}

SmcFrame Player::honest(std::uint32_t target, std::uint32_t op, std::uint32_t counts, std::uint32_t word) {
  const std::span<std::byte> in = ram_.subspan(kPages * 4096, 4096);
  put(in, 0, target);
  put(in, 4, op);
  put(in, 8, counts);
  // The only shapes in use: one input buffer of a word, one object in, both with up to one object out.
  put(in, 12, counts & 1 ? align8(12 + 8 * ((counts & 15) + (counts >> 12))) : word);
  put(in, 16, counts & 1 ? 4 : 0);
  if (counts & 1) put(in, align8(12 + 8 * ((counts & 15) + (counts >> 12))), word);
  return send({{kInvoke, 0x224, FuzzMachine::kBase + kPages * 4096, 4096, FuzzMachine::kBase + (kPages + 1) * 4096,
                16 * 4096, 0, 0}});
}

const char* Player::finish() {
  State& firmware = state();
  if (!report_audit()) return "the books do not balance at the end of the play";
  for (std::uint32_t kind = 1; kind <= 5; ++kind) firmware.arms.set({kind, 0, 0});
  firmware.contexts = 0;
  firmware.release_by_callback = false;
  for (std::uint64_t queue;;) {
    bool more;
    if (!firmware.deferral.next_wakeup(queue, more)) break;
  }
  for (std::size_t turn = 0; turn < 4096 && !deferred_.empty(); ++turn) go_on();
  // Sessions that the play itself spoilt are gone on with no more; their calls are none that began.
  const std::uint64_t lost = firmware.deferral.invocations();
  for (std::uint64_t index = 0; index < kPages; ++index) {
    for (std::uint64_t size = 4096; size <= 16 * 4096; size += 4096) {
      for (int turn = 0; turn < 64; ++turn) {
        put(page(index), 0, 1);
        if (firmware.calls.count() == 0) break;
        const std::uint64_t faults = firmware.stats.faults.get();
        SmcFrame frame{{kAnswer, 0x22, page_paddr(index), size}};
        firmware_smc(frame);
        if (firmware.stats.faults.get() != faults) break;
      }
    }
  }
  if (firmware.stats.calls_in_flight.get() != lost) return "a call in flight is left";

  // Bridges over the reserved pages, if they are needed and the play made none there.
  const std::uint64_t reserved = FuzzMachine::kBase + kPages * 4096;
  send({{0x42000C1E, 4, reserved | 6, reserved | 6, kReserved * 4096 | 1 << 9, 3}});
  const SmcFrame env = honest(1, 5, 0x1100, 0);
  if (env.x[0] != 0 || env.x[2] != 0) return nullptr;  // bridged away, or the heap is full of what Linux holds
  const std::uint32_t env_id = ids_.back();
  if (honest(env_id, 0, 0x1001, 0x7E57C0DE).x[2] != 0) return nullptr;
  const std::uint32_t service = ids_.back();
  if (honest(service, 11, 1, 0xFFFFFFFF).x[2] != 0) return "drop does not answer";
  for (int turn = 0; turn < 100000; ++turn) {
    std::uint32_t slot = 0;
    std::uint32_t references = 0;
    const ObjectId id = firmware.objects.next_held(slot, references);
    if (id == kIdNull) break;
    if (!firmware.objects.release(id)) return "an id with references can't be released";
  }
  machine_.skip(std::uint64_t{1} << 40);
  for (int turn = 0; turn < 1000 && firmware.stats.ns_releases_queued.get() != 0; ++turn) honest(1, 0x1234, 0, 0);
  const vsoc::Report report = report_make();
  if (!report_audit()) return "the books do not balance at the very end";
  if (report.ns_releases_queued != 0) return "releases are left in the queue";
  if (report.tee_references != 0) return "references are left";
  if (lost != 0) return nullptr;
  if (report.mappings != 0) return "mappings are left";
  if (report.ns_ids != 0) return "callback ids are left";
  if (report.tee_objects != 0) return "objects are left";
  return nullptr;
}

}  // namespace qtee::fw::fuzz
