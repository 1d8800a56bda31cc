// SPDX-License-Identifier: BSD-3-Clause
//
// What the objects of a loaded TA have in common.
#pragma once

#include <cstdint>

#include "../call.hpp"
#include "../mapping.hpp"
#include "app.hpp"

namespace qtee::fw {

class AppObject : public Object {
 public:
  // kDefunct once the app is unloaded, what `serve` says otherwise.
  Task<Result> invoke(Call& call, std::uint32_t op) final;

 protected:
  explicit AppObject(Ref<App> app);
  ~AppObject() override;

  // One operation. `running` keeps the app from being unloaded and ends with the operation.
  virtual Task<Result> serve(Call& call, std::uint32_t op, AppCall running) = 0;

  const Ref<App>& app() const { return app_; }

  // What the object holds from one operation to the next; it goes with the object or when the app is unloaded.
  ObjectRef callee() const;
  void keep_callee(ObjectRef callee);
  void keep_mapping(Mapping mapping);

 private:
  friend class App;
  struct Kept {
    ObjectRef callee;
    Mapping mapping;
    bool empty() const { return callee.is_null() && !mapping; }
  };

  const Ref<App> app_;
  // The app's lock guards these.
  Kept kept_;
  AppObject* next_ = nullptr;
};

// The object that getAppObject gives: the adder, and the opener of the two below.
TeeRef app_main_new(Ref<App> app);
TeeRef test_cback_new(Ref<App> app);
TeeRef test_mem_manager_new(Ref<App> app);

// A controller of the app.
TeeRef app_controller_new(Ref<App> app);

}  // namespace qtee::fw
