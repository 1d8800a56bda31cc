// SPDX-License-Identifier: BSD-3-Clause
#include "invocation.hpp"

namespace qtee::tee {
namespace {

Param buffer_param(std::uint64_t attr, const void* data, std::size_t size) {
  return {attr, reinterpret_cast<std::uintptr_t>(data), size, 0};
}

}  // namespace

Invocation& Invocation::in(const void* data, std::size_t size) {
  params_.push_back(buffer_param(TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT, data, size));
  return *this;
}

Invocation& Invocation::out(void* data, std::size_t size, std::size_t* actual) {
  outs_.push_back({params_.size(), actual});
  params_.push_back(buffer_param(TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT, data, size));
  return *this;
}

Invocation& Invocation::in_callback(Server& server, std::uint64_t id) {
  callbacks_.push_back({&server, id});
  return in_ref(Ref::user(id));
}

Invocation& Invocation::in_ref(Ref ref) {
  Param param = {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT, 0, 0, 0};
  ref.store(param);
  params_.push_back(param);
  return *this;
}

Invocation& Invocation::out_object(Received& object) {
  out_objects_.push_back({params_.size(), &object});
  params_.push_back({TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT, TEE_OBJREF_NULL, 0, 0});
  return *this;
}

Invocation& Invocation::raw(const Param& param) {
  params_.push_back(param);
  return *this;
}

Outcome Invocation::run(const Object& object) { return run_on(object.device(), object.id()); }

Outcome Invocation::run_on(const std::shared_ptr<TeeDevice>& device, std::uint64_t id) {
  std::vector<Param> params = params_;
  // Counted before the call: QTEE may let a callback go before the call is back.
  for (const Callback& callback : callbacks_) callback.server->sent(callback.id);
  const Outcome outcome = device->invoke(id, op_, params);
  if (outcome.error != 0) {
    for (const Callback& callback : callbacks_) callback.server->unsent(callback.id);
    return outcome;
  }
  if (outcome.result != 0) return outcome;
  for (const Out& out : outs_) {
    if (out.actual != nullptr) *out.actual = params[out.index].b;
  }
  for (const OutObject& out : out_objects_) *out.object = Received(device, params[out.index]);
  return outcome;
}

}  // namespace qtee::tee
