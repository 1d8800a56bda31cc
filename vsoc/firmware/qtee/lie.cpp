// SPDX-License-Identifier: BSD-3-Clause
//
// What every lie leaves behind, so that a test can demand that afterwards nothing is alive and no fault is counted:
//
// - No lie carries releases of the queue: a Linux that refuses the message might never read them. They go later.
// - An asynchronous message of a lie names OI[0]'s id where there is one, and an id that Linux never gave otherwise.
//   Where Linux must honour the message, the id counts as told; where it must not, its release goes later, properly.
// - A bent request passes no objects hosted in QTEE (NULL in their place), but for cb_op_bits and cb_async_behind.
// - Ids that Linux can only take for new objects (oo_twice, oo_reserved, cb_counts) are given a reference where they
//   are alive, and so many releases of them are forgiven where they are not (LieLedger).
// - response_type 3: Linux reads no outputs, so none are counted; its answer to the callback that is none is forgiven.
// - What Linux writes into the answer of a bent request is checked, but is no fault: the callback's result is kRemote.

#include "lie.hpp"

#include <cstring>

#include "call_state.hpp"
#include "smc.hpp"
#include "state.hpp"

namespace qtee::fw {
namespace {

using vsoc::LieKind;

std::uint32_t low32(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

// Linux takes `id` for an object that it was handed.
void cover_tee_id(ObjectId id, std::uint32_t times) {
  if (id == kIdNull || object_id_is_ns(id)) return;
  while (times != 0 && state().objects.add_reference(id)) --times;
  if (times != 0) state().lies.forgive_release(id, times);
}

// Linux is told of the release in this very buffer.
void tell(NsObject& object) {
  state().ns_objects.remove(&object);
  object.lie_told();
  state().stats.async_releases.add();
}

void put_arg_word(CallState& call, unsigned arg, bool second, std::uint32_t word) {
  message_put_word(call.out, kCallbackArgs + std::size_t{8} * arg + (second ? 4 : 0), word);
}

MessageArg get_arg(const CallState& call, unsigned arg) { return message_get_arg(call.out, kCallbackArgs, arg); }

void bend_counts(CallState& call) {
  const std::uint32_t word = low32(call.lie.value);
  message_put_word(call.out, 12, word);
  const MessageCounts counts = MessageCounts::from_word(word);
  call.request.counts = counts;
  call.request.counts_bent = true;
  for (unsigned index = 0; index < counts.objects_in; ++index) {
    cover_tee_id(get_arg(call, counts.ins + counts.outs + index).a, 1);
  }
}

void bend_spread(CallState& call) {
  const unsigned buffers = call.request.counts.ins + call.request.counts.outs;
  if (call.lie.value > call.out.size() || call.request.end + call.lie.value * buffers > call.out.size()) return;
  const auto gap = low32(call.lie.value);
  for (unsigned index = buffers; index-- > 0;) {
    const MessageArg arg = get_arg(call, index);
    const std::uint32_t moved = arg.a + gap * (index + 1);
    std::memmove(call.out.data() + moved, call.out.data() + arg.a, arg.b);
    put_arg_word(call, index, false, moved);
    if (index >= call.request.counts.ins) call.request.out_offsets[index - call.request.counts.ins] = moved;
  }
}

void bend_overlap(CallState& call) {
  const std::uint32_t first = get_arg(call, 0).a;
  put_arg_word(call, 1, false, first);
  if (call.request.counts.ins < 2) call.request.out_offsets[1 - call.request.counts.ins] = first;
}

ObjectId named_id(const CallState& call) {
  return call.lie_object ? call.lie_object->id() : state().ns_objects.unknown_id();
}

void tell_named(CallState& call) {
  if (call.lie_object) tell(*call.lie_object);
}

std::size_t put_release(CallState& call, std::size_t at, ObjectId id) {
  return message_put_async(call.out, at, state().async.version(), kOpRelease, 1, {&id, 1});
}

// A release message from `at` up to `end`, all ids the same.
void put_filled(CallState& call, std::size_t end, ObjectId id) {
  message_put_word(call.out, 0, state().async.version());
  message_put_word(call.out, 4, kOpRelease);
  message_put_word(call.out, 8, low32((end - kAsyncIds) / sizeof(ObjectId)));
  for (std::size_t at = kAsyncIds; at < end; at += sizeof(ObjectId)) message_put_word(call.out, at, id);
}

}  // namespace

bool lie_hides_tee_objects(const CallState& call) {
  return call.lie.is_callback() && call.lie.kind != LieKind::cb_op_bits && call.lie.kind != LieKind::cb_async_behind;
}

void lie_bend_request(CallState& call) {
  const Lie& lie = call.lie;
  const MessageCounts counts = call.request.counts;
  const std::uint32_t value = low32(lie.value);
  const std::size_t tail = call.request.end;
  const bool has_tail = call.out.size() >= tail + message_async_size(1);
  if (call.out.size() >= tail + sizeof(std::uint32_t)) message_put_word(call.out, tail, 0);
  switch (lie.kind) {
    case LieKind::cb_unknown_id:
      return message_put_word(call.out, 4, state().ns_objects.unknown_id());
    case LieKind::cb_released_id: {
      if (!has_tail) return message_put_word(call.out, 4, state().ns_objects.unknown_id());
      NsObject& object = *call.objects_in_[0].ns();
      const ObjectId id = object.id();
      const std::size_t end = put_release(call, tail, id);
      if (call.out.size() >= end + sizeof(std::uint32_t)) message_put_word(call.out, end, 0);
      return tell(object);
    }
    case LieKind::cb_null:
      return message_put_word(call.out, 4, kIdNull);
    case LieKind::cb_tee_id:
      return message_put_word(call.out, 4, value & 0x7FFFFFFF);
    case LieKind::cb_ib_offset:
      return put_arg_word(call, 0, false, value);
    case LieKind::cb_ib_size:
      return put_arg_word(call, 0, true, value);
    case LieKind::cb_ob_offset:
      return put_arg_word(call, counts.ins, false, value);
    case LieKind::cb_ob_size:
      return put_arg_word(call, counts.ins, true, value);
    case LieKind::cb_counts:
      return bend_counts(call);
    case LieKind::cb_op_bits:
      return message_put_word(call.out, 8, (lie.op & kOpMask) | value << 16);
    case LieKind::cb_io_unknown:
      return put_arg_word(call, counts.ins + counts.outs, false, state().ns_objects.unknown_id());
    case LieKind::cb_unpacked:
      return bend_spread(call);
    case LieKind::cb_overlap:
      return bend_overlap(call);
    case LieKind::cb_primordial_op:
      message_put_word(call.out, 4, kIdPrimordial);
      return message_put_word(call.out, 8, value & kOpMask);
    case LieKind::cb_async_behind: {
      if (!has_tail) return;
      const ObjectId id = state().ns_objects.unknown_id();
      const std::uint32_t claimed = value != 0 ? value : 0xFFFFFFFF;
      std::memset(call.out.data() + tail, 0, call.out.size() - tail);
      message_put_async(call.out, tail, state().async.version(), kOpRelease, claimed, {&id, 1});
      return;
    }
    default:
      return;
  }
}

void lie_bend_answer(CallState& call) {
  if (call.result != kOk) return;
  const std::uint32_t value = low32(call.lie.value);
  const unsigned first_out = call.ins_count_;
  const unsigned first_object = call.ins_count_ + call.outs_count_ + call.objects_in_count_;
  const auto put = [&call](unsigned arg, std::size_t at, std::uint32_t word) {
    message_put_word(call.in_message, kInvokeArgs + std::size_t{8} * arg + at, word);
  };
  switch (call.lie.kind) {
    case LieKind::ob_size_grown:
      return put(first_out, 4, call.outs_[0].size + 1);
    case LieKind::ob_size_huge:
      return put(first_out, 4, value);
    case LieKind::ob_offset_moved:
      return put(first_out, 0, value);
    case LieKind::counts_changed:
      return message_put_word(call.in_message, 8, value);
    case LieKind::oo_unknown:
      return put(first_object, 0, state().ns_objects.unknown_id());
    case LieKind::oo_released:
      return put(first_object, 0, call.objects_in_[0].ns()->id());
    case LieKind::oo_twice: {
      const ObjectId id = message_get_arg(call.in_message, kInvokeArgs, first_object).a;
      for (unsigned index = 1; index < call.objects_out_count_; ++index) put(first_object + index, 0, id);
      if (!object_id_is_ns(id) && id != kIdNull) state().lies.forgive_release(id, call.objects_out_count_ - 1u);
      return;
    }
    case LieKind::oo_reserved:
      cover_tee_id(value, 1);
      return put(first_object, 0, value);
    default:
      return;
  }
}

void lie_write_async(CallState& call) {
  const Lie& lie = call.lie;
  const std::uint32_t value = low32(lie.value);
  const std::uint32_t version = state().async.version();
  const std::size_t size = call.out.size();
  std::memset(call.out.data(), 0, size);
  switch (lie.kind) {
    case LieKind::response_type:
      if (lie_loses_answer(call)) state().lies.forgive_answer(call.out_paddr);
      return;
    case LieKind::oo_released:
      if (call.result != kOk) return;
      put_release(call, 0, named_id(call));
      return tell_named(call);
    case LieKind::async_version: {
      const ObjectId id = named_id(call);
      message_put_async(call.out, 0, value, kOpRelease, 1, {&id, 1});
      if (value >> 16 == 1) tell_named(call);
      return;
    }
    case LieKind::async_op: {
      const ObjectId id = named_id(call);
      message_put_async(call.out, 0, version, value, 1, {&id, 1});
      if (value == kOpRelease) tell_named(call);
      return;
    }
    case LieKind::async_count: {
      const ObjectId id = named_id(call);
      message_put_async(call.out, 0, version, kOpRelease, value, {&id, 1});
      if (value != 0 && message_async_size(value) <= size) tell_named(call);
      return;
    }
    case LieKind::async_unknown_id:
      put_release(call, 0, state().ns_objects.unknown_id());
      return;
    case LieKind::async_twice:
      put_release(call, put_release(call, 0, named_id(call)), named_id(call));
      return tell_named(call);
    case LieKind::async_primordial:
      put_release(call, 0, kIdPrimordial);
      return;
    case LieKind::async_tee_id:
      put_release(call, 0, value & 0x7FFFFFFF);
      return;
    case LieKind::async_unpacked: {
      const std::size_t second = put_release(call, 0, named_id(call));
      if (lie.value <= size && second + lie.value + message_async_size(1) <= size) {
        put_release(call, second + lie.value, state().ns_objects.unknown_id());
      }
      return tell_named(call);
    }
    case LieKind::async_full:
      put_filled(call, size, state().ns_objects.unknown_id());
      message_put_word(call.out, kAsyncIds, named_id(call));
      return tell_named(call);
    case LieKind::async_truncated: {
      const std::uint32_t claimed = value != 0 ? value : 4;
      const std::size_t last = size - message_async_size(1);
      const ObjectId id = named_id(call);
      put_filled(call, last, state().ns_objects.unknown_id());
      message_put_async(call.out, last, version, kOpRelease, claimed, {&id, 1});
      if (claimed == 1) tell_named(call);
      return;
    }
    default:
      return;
  }
}

std::uint64_t lie_response_type(const CallState& call) {
  return call.lie.kind == LieKind::response_type ? call.lie.value : kResponseFinal;
}

bool lie_loses_answer(const CallState& call) {
  return call.lie.kind == LieKind::response_type && call.lie.value == kResponseCallback;
}

const char* lie_refusal(const Call& call, const vsoc::LieRequest& request) {
  const Lie lie{static_cast<LieKind>(request.kind), request.op, request.value, false};
  const bool object = call.object_in(0).is_ns() && call.object_in(0).ns()->id() != kIdPrimordial;
  switch (lie.kind) {
    case LieKind::ob_size_grown:
    case LieKind::ob_size_huge:
    case LieKind::ob_offset_moved:
      return call.outs() >= 1 ? nullptr : "needs an output buffer";
    case LieKind::oo_unknown:
    case LieKind::oo_twice:
    case LieKind::oo_reserved:
      return call.objects_out() >= 1 ? nullptr : "needs an output object";
    case LieKind::oo_released:
      return call.objects_out() >= 1 && object ? nullptr : "needs a callback object and an output object";
    case LieKind::none:
    case LieKind::counts_changed:
    case LieKind::response_type:
    case LieKind::cb_unknown_id:
    case LieKind::cb_null:
    case LieKind::cb_tee_id:
    case LieKind::cb_primordial_op:
      return nullptr;
    case LieKind::cb_ib_offset:
    case LieKind::cb_ib_size:
      return call.ins() >= 2 && object ? nullptr : "needs a callback object and an input buffer to pass";
    case LieKind::cb_ob_offset:
    case LieKind::cb_ob_size:
      return call.outs() >= 1 && object ? nullptr : "needs a callback object and an output buffer";
    case LieKind::cb_overlap:
      return call.ins() - 1 + call.outs() >= 2 && object ? nullptr : "needs a callback object and two buffers";
    case LieKind::cb_io_unknown:
      return call.objects_in() >= 2 && object ? nullptr : "needs a callback object and an object to pass";
    case LieKind::cb_map_not_memory:
      return call.object_in(0).is_ns() ? nullptr : "needs a callback object";
    default:
      if (lie.is_async() && request.kind <= static_cast<std::uint32_t>(LieKind::async_truncated)) return nullptr;
      if (!lie.is_callback() || request.kind > static_cast<std::uint32_t>(LieKind::cb_async_behind))
        return "is unknown";
      return object ? nullptr : "needs a callback object";
  }
}

}  // namespace qtee::fw
