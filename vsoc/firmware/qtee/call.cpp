// SPDX-License-Identifier: BSD-3-Clause
//
// What operations see of a call.

#include "call.hpp"

#include <algorithm>

#include "call_state.hpp"

namespace qtee::fw {
namespace {

const ObjectRef kNoObject;

}  // namespace

std::span<const std::byte> Call::in(unsigned index) const {
  if (index >= ins_count_) return {};
  return {ins_[index].data, ins_[index].size};
}

std::span<std::byte> Call::out(unsigned index) const {
  if (index >= outs_count_) return {};
  return {outs_[index].data, outs_[index].size};
}

void Call::out_size(unsigned index, std::size_t size) {
  if (index < outs_count_)
    outs_[index].used = static_cast<std::uint32_t>(std::min<std::size_t>(size, outs_[index].size));
}

Result Call::out_bytes(unsigned index, std::span<const std::byte> bytes) {
  if (index >= outs_count_) return kInvalid;
  BufferArg& out = outs_[index];
  if (bytes.size() > out.size) return kSizeOut;
  if (!bytes.empty()) std::memcpy(out.data, bytes.data(), bytes.size());
  out.used = static_cast<std::uint32_t>(bytes.size());
  return kOk;
}

const ObjectRef& Call::object_in(unsigned index) const {
  return index < objects_in_count_ ? objects_in_[index] : kNoObject;
}

ObjectRef Call::take(unsigned index) { return index < objects_in_count_ ? std::move(objects_in_[index]) : ObjectRef(); }

void Call::object_out(unsigned index, ObjectRef object) {
  if (index < objects_out_count_) objects_out_[index] = std::move(object);
}

CallbackAwaiter Call::callback(const NsRef& object, std::uint32_t op, CallbackArgs& args) {
  return CallbackAwaiter(*this, object, op, args);
}

bool CallbackAwaiter::suspend(std::coroutine_handle<> operation) {
  auto& call = static_cast<CallState&>(call_);
  result_ = call.request_make(object_, op_, args_);
  if (result_ != kOk) return false;
  call.suspended = operation;
  call.callback_made = this;
  return true;
}

void CallbackArgs::add_in(std::span<const std::byte> bytes) {
  if (ins_count_ == kArgsOfAKind) {
    overflow_ = true;
    return;
  }
  ins_[ins_count_++] = bytes;
}

void CallbackArgs::add_out(std::span<std::byte> destination) {
  if (outs_count_ == kArgsOfAKind) {
    overflow_ = true;
    return;
  }
  outs_[outs_count_++] = destination;
}

void CallbackArgs::add_object(ObjectRef object) {
  if (objects_count_ == kArgsOfAKind) {
    overflow_ = true;
    return;
  }
  objects_[objects_count_++] = std::move(object);
}

void CallbackArgs::want_objects(unsigned count) {
  if (count > kArgsOfAKind) {
    overflow_ = true;
    return;
  }
  answers_count_ = static_cast<std::uint8_t>(count);
}

ObjectRef CallbackArgs::take(unsigned index) {
  return index < answers_count_ ? std::move(answers_[index]) : ObjectRef();
}

}  // namespace qtee::fw
