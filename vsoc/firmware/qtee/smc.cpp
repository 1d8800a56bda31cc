// SPDX-License-Identifier: BSD-3-Clause
//
// The SMC interface: which call does what, and the checks of registers and message buffers.

#include "smc.hpp"

#include "call_state.hpp"
#include "firmware.hpp"
#include "heap.hpp"
#include "log.hpp"
#include "mapping_ahead.hpp"
#include "message.hpp"
#include "state.hpp"

namespace qtee::fw {
namespace {

constexpr std::uint32_t kFidReenter = 1;
constexpr std::uint32_t kFidIsAvailableFast = 0xC2000601;
constexpr std::uint32_t kFidIsAvailable = 0x42000601;
constexpr std::uint32_t kFidWaitqInfo = 0xC2002404;
constexpr std::uint32_t kFidWaitqContext = 0xC2002403;
constexpr std::uint32_t kFidWaitqResume = 0x42002402;
constexpr std::uint32_t kFidSdiConfig = 0x42000109;
constexpr std::uint32_t kFidBridgeEnable = 0x42000C1C;
constexpr std::uint32_t kFidBridgeDelete = 0x42000C1D;
constexpr std::uint32_t kFidBridgeCreate = 0x42000C1E;

constexpr std::uint64_t kArginfoInvoke = 0x224;
constexpr std::uint64_t kArginfoCallbackResponse = 0x22;
constexpr std::uint64_t kArginfoBridgeCreate = 4;
constexpr std::uint64_t kArginfoOne = 1;

// x1 of BRIDGE_CREATE's answer.
enum BridgeError : std::uint64_t { kBridgeBadArguments = 1, kBridgeOverlap = 2, kBridgeFull = 3, kBridgeArmed = 6 };

constexpr std::uint64_t kVmHlos = 3;

void answer(SmcFrame& frame, std::int64_t status, std::uint64_t x1 = 0, std::uint64_t x2 = 0, std::uint64_t x3 = 0) {
  frame.x[0] = static_cast<std::uint64_t>(status);
  frame.x[1] = x1;
  frame.x[2] = x2;
  frame.x[3] = x3;
}

void answer_busy(SmcFrame& frame) {
  state().stats.answers_busy.add();
  answer(frame, kScmBusy);
}

void is_available(SmcFrame& frame) {
  // owner << 24 | service << 8 | command
  static constexpr std::uint32_t kCalls[] = {0x02000601, 0x02000109, 0x02000C1C, 0x02000C1D,
                                             0x02000C1E, 0x32000601, 0x32000602};
  const auto asked = static_cast<std::uint32_t>(frame.x[2] & 0x3F00FFFF);
  bool available = false;
  for (const std::uint32_t call : kCalls) available |= asked == call;
  if (asked >= 0x02002402 && asked <= 0x02002404) available = state().machine->waitq_hwirq() != 0;
  answer(frame, kScmOk, available ? 1 : 0);
}

void waitq_info(SmcFrame& frame) {
  const std::uint32_t hwirq = state().machine->waitq_hwirq();
  if (hwirq == 0) return answer(frame, kScmUnknown);
  state().deferral.info_asked();
  answer(frame, kScmOk, Deferral::kWaitQueues, hwirq);
}

void waitq_context(SmcFrame& frame) {
  std::uint64_t queue = 0;
  bool more = false;
  if (!state().deferral.next_wakeup(queue, more)) return answer(frame, kScmInvalid);
  constexpr std::uint64_t kWakeOne = 1;
  answer(frame, kScmOk, queue, kWakeOne, more ? 1 : 0);
}

void bridge_enable(SmcFrame& frame) {
  state().bridges.enable();
  answer(frame, kScmOk, 0);
}

void bridge_create(SmcFrame& frame) {
  if (state().arms.take(vsoc::ArmKind::bridge_fail)) return answer(frame, kScmOk, kBridgeArmed);
  constexpr std::uint64_t kLow = kMessagePage - 1;
  const std::uint64_t paddr = frame.x[2] & ~kLow;
  const std::uint64_t ns_perms = frame.x[2] & kLow;
  const std::uint64_t perms = frame.x[3] & kLow;  // QTEE's own
  const std::uint64_t size = frame.x[4] & ~kLow;
  const std::uint64_t flags = frame.x[4] & kLow;
  const bool sound = frame.x[1] == kArginfoBridgeCreate && (frame.x[3] & ~kLow) == paddr && ns_perms >= 1 &&
                     ns_perms <= 7 && perms >= 1 && perms <= 7 && size != 0 && flags == 1u << 9 &&
                     frame.x[5] == kVmHlos && state().machine->ns_memory(paddr, size) != nullptr;
  if (!sound) {
    LogLine() << "bridge refused: " << Hex{frame.x[2]} << " " << Hex{frame.x[3]} << " " << Hex{frame.x[4]};
    return answer(frame, kScmOk, kBridgeBadArguments);
  }
  std::uint64_t handle = 0;
  switch (state().bridges.create(paddr, size, static_cast<std::uint32_t>(perms), handle)) {
    case BridgeTable::Status::ok:
      return answer(frame, kScmOk, 0, handle);
    case BridgeTable::Status::overlap:
      LogLine() << "bridge refused: " << Hex{paddr} << "+" << Hex{size} << " overlaps another";
      return answer(frame, kScmOk, kBridgeOverlap);
    default:
      return answer(frame, kScmOk, kBridgeFull);
  }
}

void bridge_delete(SmcFrame& frame) {
  if (state().arms.take(vsoc::ArmKind::bridge_busy)) return answer_busy(frame);
  switch (state().bridges.remove(frame.x[2])) {
    case BridgeTable::Status::ok:
      return answer(frame, kScmOk);
    case BridgeTable::Status::busy:
      return answer_busy(frame);
    default:
      FaultLine() << "deletion of bridge " << Hex{frame.x[2]} << ", which does not exist";
      return answer(frame, kScmInvalid);
  }
}

bool buffer_shaped(std::uint64_t paddr, std::uint64_t size, std::uint64_t limit) {
  return paddr % kMessagePage == 0 && size % kMessagePage == 0 && size != 0 && size <= limit;
}

// Counts a CPU in a call, and out again.
class Inside {
 public:
  Inside() : now_(state().calls_inside.fetch_add(1, std::memory_order_relaxed) + 1) {}
  ~Inside() { state().calls_inside.fetch_sub(1, std::memory_order_relaxed); }
  Inside(const Inside&) = delete;
  bool too_many() const {
    const std::uint32_t bound = state().contexts.load(std::memory_order_relaxed);
    return bound != 0 && now_ > bound;
  }

 private:
  std::uint32_t now_;
};

void invoke(SmcFrame& frame) {
  State& firmware = state();
  firmware.stats.smc_invoke.add();
  const std::uint64_t in_paddr = frame.x[2];
  const std::uint64_t in_size = frame.x[3];
  const std::uint64_t out_paddr = frame.x[4];
  const std::uint64_t out_size = frame.x[5];
  if ((in_paddr | in_size | out_paddr | out_size) == 0) return answer(frame, kScmInvalid);  // Linux's probe

  std::byte* in = nullptr;
  std::byte* out = nullptr;
  if (frame.x[1] == kArginfoInvoke && buffer_shaped(in_paddr, in_size, kInboundMax) &&
      buffer_shaped(out_paddr, out_size, kOutboundMax)) {
    in = firmware.machine->ns_memory(in_paddr, in_size);
    out = firmware.machine->ns_memory(out_paddr, out_size);
  }
  const bool overlap = in_paddr < out_paddr + out_size && out_paddr < in_paddr + in_size;
  if (in == nullptr || out == nullptr || overlap) {
    FaultLine() << "message buffers in " << Hex{in_paddr} << "+" << Hex{in_size} << " out " << Hex{out_paddr} << "+"
                << Hex{out_size} << " arginfo " << Hex{frame.x[1]};
    return answer(frame, kScmInvalid);
  }

  auto* call = heap_new<CallState>();
  if (call == nullptr) return answer(frame, kScmNoMemory);
  call->in_paddr = in_paddr;
  call->out_paddr = out_paddr;
  call->in_message = {in, in_size};
  call->out = {out, out_size};
  if (!firmware.calls.insert(*call)) {
    FaultLine() << "outbound buffer " << Hex{out_paddr} << " is another call's";
    heap_delete(call);
    return answer(frame, kScmInvalid);
  }
  firmware.stats.calls_in_flight.add();
  if (firmware.bridges.enabled()) {
    const bool in_held = firmware.bridges.hold(in_paddr, in_size, kPermReadWrite);
    if (!in_held || !firmware.bridges.hold(out_paddr, out_size, kPermReadWrite)) {
      if (in_held) firmware.bridges.let_go(in_paddr, in_size);
      FaultLine() << "message buffers in " << Hex{in_paddr} << "+" << Hex{in_size} << " out " << Hex{out_paddr} << "+"
                  << Hex{out_size} << " are not bridged";
      call->end();
      return answer(frame, kScmUnbridged);
    }
    call->bridged = true;
  }
  MessageInvoke message;
  if (const char* wrong = message_parse_invoke(call->in_message, message); wrong != nullptr) {
    FaultLine() << "malformed invocation: " << wrong;
    call->end();
    return answer(frame, kScmInvalid);
  }
  MappingsAhead ahead;
  if (!ahead.read(call->out)) {
    call->end();
    return answer(frame, kScmNoMemory);
  }
  std::int64_t status;
  if (!call->begin(message, status)) {
    call->end();
    return answer(frame, status);
  }
  ahead.take(*call);
  firmware.async.buffer_reused(out_paddr);
  call->start(message);
  call->run(frame);
}

void callback_response(SmcFrame& frame) {
  State& firmware = state();
  firmware.stats.smc_callback_response.add();
  CallState* call = nullptr;
  if (frame.x[1] == kArginfoCallbackResponse) call = firmware.calls.resume(frame.x[2], frame.x[3]);
  if (call == nullptr) {
    if (!firmware.lies.answer_forgiven(frame.x[2])) {
      FaultLine() << "callback response in " << Hex{frame.x[2]} << "+" << Hex{frame.x[3]} << " for no call";
    }
    return answer(frame, kScmInvalid);
  }
  call->take_answer();
  call->run(frame);
}

void call_run(SmcFrame& frame) {
  if (static_cast<std::uint32_t>(frame.x[0]) == kFidInvoke) return invoke(frame);
  callback_response(frame);
}

void call_run_or_sleep(SmcFrame& frame) {
  if (state().arms.take(vsoc::ArmKind::sleep) && state().deferral.sleep(frame)) return;
  call_run(frame);
}

void call_first(SmcFrame& frame) {
  const Inside inside;
  const bool is_invoke = static_cast<std::uint32_t>(frame.x[0]) == kFidInvoke;
  if (is_invoke && state().arms.take(vsoc::ArmKind::busy)) return answer_busy(frame);
  if (inside.too_many()) return answer_busy(frame);
  if (state().arms.take(vsoc::ArmKind::interrupted) && state().deferral.interrupt(frame)) return;
  call_run_or_sleep(frame);
}

void call_reenter(SmcFrame& frame) {
  const Inside inside;
  state().stats.smc_reentry.add();
  if (!state().deferral.reenter(frame)) {
    FaultLine() << "re-entry with session " << frame.x[6] << ", which was not interrupted so";
    return answer(frame, kScmInvalid);
  }
  call_run_or_sleep(frame);
}

void call_resume(SmcFrame& frame) {
  const Inside inside;
  state().stats.smc_resume.add();
  const auto resumed = frame.x[1] == kArginfoOne ? state().deferral.resume(frame) : Deferral::Resumed::unknown;
  if (resumed == Deferral::Resumed::asleep) return;
  if (resumed == Deferral::Resumed::unknown) {
    FaultLine() << "resumption of " << frame.x[2] << ", which does not sleep";
    return answer(frame, kScmInvalid);
  }
  call_run(frame);
}

void dispatch(SmcFrame& frame) {
  switch (static_cast<std::uint32_t>(frame.x[0])) {
    case kFidInvoke:
    case kFidCallbackResponse:
      return call_first(frame);
    case kFidReenter:
      return call_reenter(frame);
    case kFidWaitqResume:
      return call_resume(frame);
    case kFidWaitqContext:
      return waitq_context(frame);
    case kFidWaitqInfo:
      return waitq_info(frame);
    case kFidIsAvailableFast:
    case kFidIsAvailable:
      return is_available(frame);
    case kFidBridgeEnable:
      return bridge_enable(frame);
    case kFidBridgeCreate:
      return bridge_create(frame);
    case kFidBridgeDelete:
      return bridge_delete(frame);
    case kFidSdiConfig:
      return answer(frame, kScmOk);
    default:
      return answer(frame, kScmUnknown);
  }
}

}  // namespace

void firmware_smc(SmcFrame& frame) {
  Stats& stats = state().stats;
  stats.smc_total.add();
  const std::uint32_t inside = stats.inside.fetch_add(1, std::memory_order_relaxed) + 1;
  if (inside > 1) stats.concurrent_max.raise(inside);
  dispatch(frame);
  stats.inside.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace qtee::fw
