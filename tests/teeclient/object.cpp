// SPDX-License-Identifier: BSD-3-Clause
#include "object.hpp"

namespace qtee::tee {

void Ref::store(Param& param) const {
  param.a = id;
  param.b = 0;
  param.c = 0;
  switch (kind) {
    case Kind::null:
      param.a = TEE_OBJREF_NULL;
      break;
    case Kind::tee:
      param.b = kRefTee;
      break;
    case Kind::user:
      param.b = kRefUser;
      break;
    case Kind::memory:
      param.b = kRefMemory;
      break;
    case Kind::other:
      break;
  }
}

Ref Ref::load(const Param& param) {
  if (param.a == TEE_OBJREF_NULL) return null();
  switch (param.b) {
    case kRefTee:
      return tee(param.a);
    case kRefUser:
      return user(param.a);
    case kRefMemory:
      return memory(param.a);
    default:
      return {Kind::other, param.a};
  }
}

Object& Object::operator=(Object&& other) noexcept {
  if (this != &other) {
    release();
    device_ = std::move(other.device_);
    id_ = other.id_;
    other.device_.reset();
  }
  return *this;
}

Ref Object::ref() const { return device_ == nullptr ? Ref::null() : Ref::tee(id_); }

Outcome Object::release() {
  const std::shared_ptr<TeeDevice> device = std::exchange(device_, nullptr);
  if (device == nullptr || id_ == TEE_OBJREF_NULL || !device->is_open()) return {};
  std::vector<Param> params;
  return device->invoke(id_, kOpRelease, params);
}

Received::Received(const std::shared_ptr<TeeDevice>& device, const Param& param) : ref_(Ref::load(param)) {
  if (ref_.kind == Ref::Kind::tee) object_ = Object(device, ref_.id);
}

}  // namespace qtee::tee
