// SPDX-License-Identifier: BSD-3-Clause
#include "app_object.hpp"

namespace qtee::fw {
namespace {

// Every TA is an adder and an opener, whatever its image: both are operation 0 and differ by shape.
class AppMain final : public AppObject {
 public:
  explicit AppMain(Ref<App> app) : AppObject(std::move(app)) {}

 private:
  Task<Result> serve(Call& call, std::uint32_t op, AppCall) override {
    static_assert(vsoc::adder::kAdd == 0 && vsoc::opener::kOpen == 0);
    if (op != 0) return Task<Result>::ready(kInvalid);
    if (call.shape(1, 1, 0, 0)) return Task<Result>::ready(add(call));
    if (call.shape(1, 0, 0, 1)) return Task<Result>::ready(open(call));
    return Task<Result>::ready(kInvalid);
  }

  static Result add(Call& call) {
    std::uint32_t terms[2];
    if (!call.in_value(0, terms)) return kInvalid;
    return call.out_value(0, terms[0] + terms[1]);
  }

  Result open(Call& call) {
    std::uint32_t uid;
    if (!call.in_value(0, uid)) return kInvalid;
    TeeRef object;
    if (uid == vsoc::kAppUidTestCBack)
      object = test_cback_new(app());
    else if (uid == vsoc::kAppUidTestMemManager)
      object = test_mem_manager_new(app());
    else
      return vsoc::opener::kErrorNotFound;
    if (!object) return kKmem;
    call.object_out(0, std::move(object));
    return kOk;
  }
};

}  // namespace

AppObject::AppObject(Ref<App> app) : app_(std::move(app)) {
  app_->objects_.fetch_add(1, std::memory_order_relaxed);
  const SpinGuard guard(app_->lock_);
  next_ = app_->first_;
  app_->first_ = this;
}

AppObject::~AppObject() {
  app_->objects_.fetch_sub(1, std::memory_order_relaxed);
  const SpinGuard guard(app_->lock_);
  AppObject** at = &app_->first_;
  while (*at != this) at = &(*at)->next_;
  *at = next_;
}

Task<Result> AppObject::invoke(Call& call, std::uint32_t op) {
  AppCall running(*app_);
  if (!running) return Task<Result>::ready(kDefunct);
  return serve(call, op, std::move(running));
}

ObjectRef AppObject::callee() const {
  const SpinGuard guard(app_->lock_);
  return kept_.callee;
}

void AppObject::keep_callee(ObjectRef callee) {
  const SpinGuard guard(app_->lock_);
  std::swap(kept_.callee, callee);  // the old one goes with the parameter, after the guard
}

void AppObject::keep_mapping(Mapping mapping) {
  const SpinGuard guard(app_->lock_);
  std::swap(kept_.mapping, mapping);
}

TeeRef app_main_new(Ref<App> app) { return object_new<AppMain>(std::move(app)); }

}  // namespace qtee::fw
