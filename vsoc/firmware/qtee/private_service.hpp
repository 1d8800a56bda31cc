// SPDX-License-Identifier: BSD-3-Clause
//
// The private service of <vsoc/service.hpp>. It is opened through registry_open(vsoc::kServiceUid); the rest of this is
// for its own files.
#pragma once

#include "call.hpp"
#include "object.hpp"
#include "spinlock.hpp"

namespace qtee::fw {

// Objects that users of the service keep in QTEE: a stack that all of them share. Locking: one lock, under which
// references are moved and copied and never let go.
class HoldStack {
 public:
  // False where there is no memory.
  bool push(ObjectRef object);
  // The object `depth` below the newest, null where there is none.
  ObjectRef peek(unsigned depth);
  // Takes the newest off. False where there is none.
  bool pop();

 private:
  struct Entry {
    ObjectRef object;
    Entry* below;
  };
  Spinlock lock_;
  Entry* newest_ = nullptr;
};

// Op::lie.
Task<Result> private_service_lie(Call& call);

// A new object with the service's operations, or null where there is no memory.
TeeRef private_service_object_new();

// Copies buffers and objects as Op::mirror does, inputs taken from `first` on.
Result private_service_mirror(Call& call, unsigned first_in);

}  // namespace qtee::fw
