// SPDX-License-Identifier: BSD-3-Clause
//
// The life of a call: begin, start, run until it waits or ends, finish.

#include "call_state.hpp"

#include <memory>

#include "heap.hpp"
#include "log.hpp"
#include "smc.hpp"
#include "state.hpp"

namespace qtee::fw {

bool CallState::take_objects(const MessageInvoke& message, std::int64_t& status) {
  const MessageArg* args = message.args + message.counts.ins + message.counts.outs;
  const unsigned count = message.counts.objects_in;
  NsObject* taken[kArgsOfAKind] = {};
  status = 0;
  for (unsigned index = 0; index < count && status == 0; ++index) {
    const ObjectId id = args[index].a;
    if (!object_id_is_ns(id) || id == kIdPrimordial) continue;
    NsObject* object = heap_new<NsObject>(id);
    if (object == nullptr) {
      status = kScmNoMemory;
    } else if (!state().ns_objects.insert(object)) {
      heap_delete(object);
      FaultLine() << "input object " << Hex{id} << " is an id that QTEE holds";
      status = kScmInvalid;
    } else {
      taken[index] = object;
    }
  }
  if (status != 0) {
    for (NsObject* object : taken) {
      if (object == nullptr) continue;
      state().ns_objects.remove(object);
      heap_delete(object);
    }
    return false;
  }
  objects_in_count_ = message.counts.objects_in;
  for (unsigned index = 0; index < count; ++index) {
    const ObjectId id = args[index].a;
    ObjectRef& object = *std::construct_at(&objects_in_[index]);
    if (taken[index] != nullptr) {
      state().stats.ns_ids.add();
      object = NsRef::adopt(taken[index]);
    } else if (id == kIdPrimordial) {
      object = object_primordial();
    } else if (id != kIdNull) {
      TeeRef tee = state().objects.find(id);
      if (!tee) {
        early = kBadObject;
        if (!state().lies.invoke_forgiven(id)) FaultLine() << "input object " << Hex{id} << " is unknown";
      }
      object = std::move(tee);
    }
  }
  return true;
}

bool CallState::begin(const MessageInvoke& message, std::int64_t& status) {
  if (!take_objects(message, status)) return false;
  ins_count_ = message.counts.ins;
  outs_count_ = message.counts.outs;
  objects_out_count_ = message.counts.objects_out;
  const MessageArg* arg = message.args;
  // An empty buffer's offset means nothing: such a buffer lies at the message's start.
  for (unsigned index = 0; index < ins_count_; ++index, ++arg) {
    ins_[index] = {in_message.data() + (arg->b == 0 ? 0 : arg->a), arg->b, 0};
  }
  for (unsigned index = 0; index < outs_count_; ++index, ++arg) {
    outs_[index] = {in_message.data() + (arg->b == 0 ? 0 : arg->a), arg->b, 0};
  }
  for (unsigned index = 0; index < objects_out_count_; ++index) std::construct_at(&objects_out_[index]);
  return true;
}

namespace {

Result release_reference(const MessageInvoke& message) {
  if (message.counts.total() != 0) {
    FaultLine() << "RELEASE of " << Hex{message.target} << " with arguments";
    return kInvalid;
  }
  state().stats.releases.add();
  if (state().objects.release(message.target)) return kOk;
  if (!state().lies.release_forgiven(message.target)) {
    FaultLine() << "RELEASE of " << Hex{message.target} << ", of which Linux holds no reference";
  }
  return kBadObject;
}

}  // namespace

void CallState::start(const MessageInvoke& message) {
  const std::uint32_t op = message.op & kOpMask;
  if (op == kOpRelease) {
    task.emplace(Task<Result>::ready(release_reference(message)));
    return;
  }
  if (op == kOpRetain) {
    FaultLine() << "RETAIN of " << Hex{message.target};
    task.emplace(Task<Result>::ready(kInvalid));
    return;
  }
  target_ = state().objects.find(message.target);
  if (!target_) {
    if (!state().lies.invoke_forgiven(message.target)) FaultLine() << "invocation of unknown " << Hex{message.target};
    early = kBadObject;
  }
  if (early != kOk) {
    task.emplace(Task<Result>::ready(early));
    return;
  }
  task.emplace(target_->invoke(*this, op));
  task->start(context);
}

void CallState::run(SmcFrame& frame) {
  if (!settled) {
    task_run(context);
    if (!task->done()) {
      frame.x[0] = 0;
      frame.x[1] = kResponseCallback;
      frame.x[2] = 0;
      frame.x[3] = 0;
      state().calls.wait(*this);
      return;
    }
    settle();
  }
  if (release_next()) {
    frame.x[0] = 0;
    frame.x[1] = kResponseCallback;
    frame.x[2] = 0;
    frame.x[3] = 0;
    state().calls.wait(*this);
    return;
  }
  finish(frame);
}

Result CallState::outputs_write() {
  const unsigned objects = ins_count_ + outs_count_ + objects_in_count_;
  ObjectId ids[kArgsOfAKind];
  for (unsigned index = 0; index < objects_out_count_; ++index) {
    const ObjectRef& object = objects_out_[index];
    ids[index] = kIdNull;
    if (object.is_ns()) {
      ids[index] = object.ns()->id();
      if (ids[index] != kIdPrimordial) state().async.handed_back(*object.ns(), out_paddr);
    } else if (object.is_tee()) {
      ids[index] = state().objects.expose(object.tee());
      if (ids[index] != kIdNull) continue;
      while (index-- > 0) {
        if (objects_out_[index].is_tee() && ids[index] != kIdRoot) state().objects.release(ids[index]);
      }
      return kNoSlots;
    }
  }
  for (unsigned index = 0; index < outs_count_; ++index) {
    message_put_word(in_message, kInvokeArgs + std::size_t{8} * (ins_count_ + index) + 4, outs_[index].used);
  }
  for (unsigned index = 0; index < objects_out_count_; ++index) {
    message_put_word(in_message, kInvokeArgs + std::size_t{8} * (objects + index), ids[index]);
  }
  return kOk;
}

void CallState::settle() {
  settled = true;
  result = task->value();
  task.reset();
  if (result == kOk && !lie_loses_answer(*this)) result = outputs_write();
  if (lie) lie_bend_answer(*this);
  if (lie && objects_in_count_ != 0 && objects_in_[0].is_ns() && objects_in_[0].ns()->id() != kIdPrimordial) {
    lie_object = objects_in_[0].ns();
  }
  for (unsigned index = 0; index < objects_out_count_; ++index) std::destroy_at(&objects_out_[index]);
  for (unsigned index = 0; index < objects_in_count_; ++index) std::destroy_at(&objects_in_[index]);
  target_ = nullptr;
}

bool CallState::release_next() {
  if (!state().release_by_callback.load(std::memory_order_relaxed) || lie) return false;
  releasing = state().async.pop();
  if (releasing == nullptr) return false;
  message_put_word(out, 0, 0);
  message_put_word(out, 4, releasing->id());
  message_put_word(out, 8, kOpRelease);
  message_put_word(out, 12, 0);
  message_put_word(out, kCallbackArgs, 0);
  state().stats.callbacks.add();
  return true;
}

void CallState::finish(SmcFrame& frame) {
  State& firmware = state();
  if (lie) {
    lie_write_async(*this);
  } else {
    firmware.async.write(out);
  }
  frame.x[0] = 0;
  frame.x[1] = lie ? lie_response_type(*this) : kResponseFinal;
  frame.x[2] = static_cast<std::uint32_t>(result);
  frame.x[3] = 0;
  lie_object = nullptr;
  end();
}

void CallState::end() {
  State& firmware = state();
  firmware.calls.remove(*this);
  if (bridged) {
    firmware.bridges.let_go(in_paddr, in_message.size());
    firmware.bridges.let_go(out_paddr, out.size());
  }
  firmware.stats.calls_in_flight.sub();
  heap_delete(this);
}

}  // namespace qtee::fw
