// SPDX-License-Identifier: BSD-3-Clause
//
// A call's callback requests, and Linux's answers to them.

#include <algorithm>

#include "call_state.hpp"
#include "heap.hpp"
#include "log.hpp"
#include "state.hpp"

namespace qtee::fw {

Result CallState::request_make(const NsRef& object, std::uint32_t op, CallbackArgs& args) {
  if (!object) return kBadObject;
  if (args.overflow_) return kMaxArgs;
  request.counts = {args.ins_count_, args.outs_count_, args.objects_count_, args.answers_count_};

  std::uint64_t end = message_align(kCallbackArgs + std::uint64_t{8} * request.counts.total());
  for (unsigned index = 0; index < args.ins_count_; ++index) end += message_align(args.ins_[index].size());
  for (unsigned index = 0; index < args.outs_count_; ++index) end += message_align(args.outs_[index].size());
  if (end > out.size()) return kMaxData;
  request.end = end;

  // Ids that the answer brings are taken in without fail: QTEE would lose count of them otherwise.
  const unsigned spares = lie ? kArgsOfAKind : args.answers_count_;
  for (unsigned index = 0; index < spares; ++index) {
    spare[index] = heap_new<NsObject>();
    if (spare[index] != nullptr) continue;
    answer_spare_free();
    return kKmem;
  }

  ObjectId ids[kArgsOfAKind];
  for (unsigned index = 0; index < args.objects_count_; ++index) {
    const ObjectRef& passed = args.objects_[index];
    ids[index] = kIdNull;
    if (passed.is_ns()) ids[index] = passed.ns()->id();
    if (!passed.is_tee() || (lie.callback_open && lie_hides_tee_objects(*this))) continue;
    ids[index] = state().objects.expose(passed.tee());
    if (ids[index] != kIdNull) continue;
    while (index-- > 0) {
      if (args.objects_[index].is_tee() && ids[index] != kIdRoot) state().objects.release(ids[index]);
    }
    answer_spare_free();
    return kNoSlots;
  }

  message_put_word(out, 0, 0);
  message_put_word(out, 4, object->id());
  message_put_word(out, 8, op & kOpMask);
  message_put_word(out, 12, request.counts.word());
  unsigned at = 0;
  auto payload = static_cast<std::uint32_t>(message_align(kCallbackArgs + std::size_t{8} * request.counts.total()));
  for (unsigned index = 0; index < args.ins_count_; ++index) {
    const auto bytes = args.ins_[index];
    message_put_arg(out, kCallbackArgs, at++, {payload, static_cast<std::uint32_t>(bytes.size())});
    if (!bytes.empty()) std::memcpy(out.data() + payload, bytes.data(), bytes.size());
    payload += static_cast<std::uint32_t>(message_align(bytes.size()));
  }
  for (unsigned index = 0; index < args.outs_count_; ++index) {
    const auto size = static_cast<std::uint32_t>(args.outs_[index].size());
    message_put_arg(out, kCallbackArgs, at++, {payload, size});
    request.out_offsets[index] = payload;
    payload += static_cast<std::uint32_t>(message_align(size));
  }
  for (unsigned index = 0; index < args.objects_count_; ++index) {
    message_put_arg(out, kCallbackArgs, at++, {ids[index], 0});
  }
  for (unsigned index = 0; index < args.answers_count_; ++index) {
    message_put_arg(out, kCallbackArgs, at++, {kIdNull, 0});
  }

  if (std::exchange(lie.callback_open, false)) {
    lie_bend_request(*this);
  } else {
    state().async.write(out.subspan(request.end));
  }
  state().stats.callbacks.add();
  return kOk;
}

void CallState::answer_spare_free() {
  for (NsObject*& object : spare) heap_delete(std::exchange(object, nullptr));
}

void CallState::take_answer() {
  if (releasing != nullptr) {
    if (const auto refused = static_cast<Result>(message_get_word(out, 0)); refused != kOk) {
      LogLine() << "release of " << Hex{releasing->id()} << " was answered " << refused;
    }
    heap_delete(std::exchange(releasing, nullptr));
    return;
  }
  CallbackAwaiter& made = *std::exchange(callback_made, nullptr);
  made.result_ = answer_read(made.args_);
  answer_spare_free();
  context.next = std::exchange(suspended, nullptr);
}

Result CallState::answer_read(CallbackArgs& args) {
  const auto answered = static_cast<Result>(message_get_word(out, 0));
  if (answered != kOk) return answered;
  const MessageCounts counts = request.counts;
  bool sound = true;
  if (!request.counts_bent) {
    for (unsigned index = 0; index < args.outs_count_; ++index) {
      const std::span<std::byte> destination = args.outs_[index];
      const std::uint32_t size = message_get_arg(out, kCallbackArgs, counts.ins + index).b;
      args.outs_written_[index] = 0;
      if (size > destination.size()) {
        if (!lie) FaultLine() << "output buffer of a callback grown to " << size << " from " << destination.size();
        sound = false;
        continue;
      }
      if (size != 0) std::memcpy(destination.data(), out.data() + request.out_offsets[index], size);
      args.outs_written_[index] = size;
    }
  }
  for (unsigned index = 0; index < counts.objects_out; ++index) {
    const unsigned at = counts.ins + counts.outs + counts.objects_in + index;
    ObjectRef object = answer_object(message_get_arg(out, kCallbackArgs, at).a, spare[index], sound);
    if (index < args.answers_count_) args.answers_[index] = std::move(object);
  }
  if (sound) return kOk;
  for (ObjectRef& object : args.answers_) object = nullptr;
  return kRemote;
}

ObjectRef CallState::answer_object(ObjectId id, NsObject*& node, bool& sound) {
  if (id == kIdNull) return nullptr;
  if (id == kIdPrimordial) return object_primordial();
  if (!object_id_is_ns(id)) {
    TeeRef tee = state().objects.find(id);
    if (!tee) {
      if (!lie && !state().lies.invoke_forgiven(id))
        FaultLine() << "output object " << Hex{id} << " of a callback is unknown";
      sound = false;
    }
    return tee;
  }
  node->id_ = id;
  if (!state().ns_objects.insert(node)) {
    if (!lie) FaultLine() << "output object " << Hex{id} << " of a callback is an id that QTEE holds";
    sound = false;
    return nullptr;
  }
  state().stats.ns_ids.add();
  return NsRef::adopt(std::exchange(node, nullptr));
}

}  // namespace qtee::fw
