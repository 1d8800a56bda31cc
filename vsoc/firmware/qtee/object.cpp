// SPDX-License-Identifier: BSD-3-Clause

#include "object.hpp"

#include "state.hpp"

namespace qtee::fw {
namespace {

// Born with one reference that nobody ever lets go.
constinit NsObject g_primordial{kIdPrimordial};

}  // namespace

Object::Object(Lifetime lifetime) : lifetime_(lifetime) {
  if (lifetime_ == Lifetime::counted) state().stats.tee_objects.add();
}

Object::~Object() {
  if (lifetime_ == Lifetime::counted) state().stats.tee_objects.sub();
}

void Object::destroy() { delete this; }

void NsObject::let_go() {
  if (map_object_ != nullptr) std::exchange(map_object_, nullptr)->unref();
  if (told_) return heap_delete(this);
  state().stats.ns_ids.sub();
  state().stats.ns_releases_queued.add();
  state().async.push(this);
}

void NsObject::lie_told() {
  told_ = true;
  state().stats.ns_ids.sub();
}

NsRef object_primordial() { return NsRef::share(&g_primordial); }

}  // namespace qtee::fw
