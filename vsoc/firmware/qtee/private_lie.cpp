// SPDX-License-Identifier: BSD-3-Clause
//
// The private service's operation `lie`.

#include <vsoc/service.hpp>

#include "call_state.hpp"
#include "log.hpp"
#include "mapping.hpp"
#include "private_service.hpp"

namespace qtee::fw {
namespace {

using vsoc::LieKind;

// What mirror does, but for the objects that the lie is about.
Result mirror(Call& call, LieKind kind) {
  if (const Result result = private_service_mirror(call, 1); result != kOk) return result;
  switch (kind) {
    case LieKind::oo_unknown:
    case LieKind::oo_released:
    case LieKind::oo_reserved:
      call.object_out(0, nullptr);
      return kOk;
    case LieKind::oo_twice: {
      for (unsigned index = 1; index < call.objects_out(); ++index) call.object_out(index, nullptr);
      TeeRef object = private_service_object_new();
      if (!object) return kKmem;
      call.object_out(0, std::move(object));
      return kOk;
    }
    default:
      return kOk;
  }
}

}  // namespace

Task<Result> private_service_lie(Call& call) {
  vsoc::LieRequest request;
  if (!call.in_value(0, request)) co_return kInvalid;
  if (const char* refusal = lie_refusal(call, request); refusal != nullptr) {
    LogLine() << "lie " << request.kind << " " << refusal;
    co_return kInvalid;
  }
  Lie& lie = static_cast<CallState&>(call).lie;
  lie = {static_cast<LieKind>(request.kind), request.op, request.value, false};
  if (!lie.is_callback()) co_return mirror(call, lie.kind);

  Result result;
  if (lie.kind == LieKind::cb_map_not_memory) {
    const MapResult mapped = co_await call.map(call.object_in(0).ns());
    result = mapped.result;
  } else {
    // Those lies that are not about OI[0] need none: any callee will do until it is bent.
    const NsRef callee = call.object_in(0).is_ns() ? call.object_in(0).ns() : object_primordial();
    CallbackArgs args;
    for (unsigned index = 1; index < call.ins(); ++index) args.add_in(call.in(index));
    for (unsigned index = 0; index < call.outs(); ++index) args.add_out(call.out(index));
    for (unsigned index = 1; index < call.objects_in(); ++index) args.add_object(call.object_in(index));
    args.want_objects(call.objects_out());
    lie.callback_open = true;
    result = co_await call.callback(callee, lie.op, args);
    lie.callback_open = false;
  }
  if (result != kOk) co_return result;
  co_return mirror(call, lie.kind);
}

}  // namespace qtee::fw
