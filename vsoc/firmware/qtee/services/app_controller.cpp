// SPDX-License-Identifier: BSD-3-Clause
#include "app_object.hpp"

namespace qtee::fw {

namespace controller = vsoc::app_controller;

// What loading gives: the handle on one loaded app. Several may be connected to one app.
class AppController final : public Object {
 public:
  explicit AppController(Ref<App> app) : app_(std::move(app)) {
    app_->objects_.fetch_add(1, std::memory_order_relaxed);
  }
  ~AppController() override { disconnect(); }

  Task<Result> invoke(Call& call, std::uint32_t op) override { return Task<Result>::ready(serve(call, op)); }

 private:
  Result serve(Call& call, std::uint32_t op) {
    if (!shape_ok(call, op)) return kInvalid;
    const Ref<App> app = connected();
    if (!app) return controller::kErrorAppDisconnected;
    if (op == controller::kDisconnect) {
      disconnect();
      return kOk;
    }
    if (app->unloaded()) return controller::kErrorAppUnloaded;
    switch (op) {
      case controller::kUnload:
        return app->unload();
      case controller::kGetAppObject:
        return get_app_object(call, app);
      case controller::kInstallCbo:
        return install_cbo(call, *app);
      case controller::kRestart:
        return controller::kErrorStillRunning;  // only what has died is started again, and no app here dies by itself
      case controller::kOpenSession:
      default:
        return controller::kErrorNotSupported;  // sessions are for GlobalPlatform TAs
    }
  }

  static bool shape_ok(const Call& call, std::uint32_t op) {
    switch (op) {
      case controller::kOpenSession:
        return call.shape(5, 5, 4, 1) || call.shape(5, 5, 1, 1);
      case controller::kGetAppObject:
        return call.shape(0, 0, 0, 1);
      case controller::kInstallCbo:
        return call.shape(1, 0, 1, 0);
      case controller::kUnload:
      case controller::kDisconnect:
      case controller::kRestart:
        return call.shape(0, 0, 0, 0);
      default:
        return false;
    }
  }

  static Result get_app_object(Call& call, const Ref<App>& app) {
    TeeRef object = app_main_new(app);
    if (!object) return kKmem;
    call.object_out(0, std::move(object));
    return kOk;
  }

  static Result install_cbo(Call& call, App& app) {
    std::uint32_t uid;
    if (!call.in_value(0, uid)) return kInvalid;
    if (uid != controller::kCboInterfaceWait) return controller::kErrorCboUnknown;
    // An object of QTEE's own could hold this very app, which would then never go.
    if (call.object_in(0).is_tee()) return kBadObject;
    const AppCall running(app);  // or an unload that has just let the old one go would miss the new one
    if (!running) return controller::kErrorAppUnloaded;
    app.install_cbo(call.object_in(0));
    return kOk;
  }

  Ref<App> connected() {
    const SpinGuard guard(lock_);
    return app_;
  }

  void disconnect() {
    Ref<App> app;
    {
      const SpinGuard guard(lock_);
      std::swap(app, app_);
    }
    if (app) app->objects_.fetch_sub(1, std::memory_order_relaxed);
  }

  Spinlock lock_;  // guards app_; a leaf
  Ref<App> app_;
};

TeeRef app_controller_new(Ref<App> app) { return object_new<AppController>(std::move(app)); }

}  // namespace qtee::fw
