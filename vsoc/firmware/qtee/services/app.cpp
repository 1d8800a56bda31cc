// SPDX-License-Identifier: BSD-3-Clause
#include "app.hpp"

#include <cstring>

#include "app_object.hpp"

namespace qtee::fw {

namespace loader = vsoc::app_loader;
namespace controller = vsoc::app_controller;

namespace {
constexpr std::uint64_t kDefaultRegion = 16u << 20;
}  // namespace

// All loaded apps, oldest first, and the region they fill. The table holds no references: an app takes itself off.
class AppTable {
 public:
  void start() {
    const SpinGuard guard(lock_);
    first_ = nullptr;
    count_ = 0;
    region_ = {0, kDefaultRegion, 0};
    region_set_ = false;
  }

  std::int32_t add(App& app) {
    const TaImage& image = app.image();
    const SpinGuard guard(lock_);
    if (count_ == loader::kMaxApps) return loader::kErrorMaxNumApps;
    App** end = &first_;
    for (; *end != nullptr; end = &(*end)->next_) {
      const bool single = ((image.flags | (*end)->image().flags) & vsoc::kTaSingleInstance) != 0;
      if (single && (*end)->image().name_view() == image.name_view()) return loader::kErrorAlreadyLoaded;
    }
    if (image.memory_size > region_.size - region_.used) return loader::kErrorTaAppRegionMallocFailure;
    region_.used += image.memory_size;
    ++count_;
    *end = &app;
    app.listed_ = true;
    return vsoc::kOk;
  }

  void remove(App& app) {
    const SpinGuard guard(lock_);
    if (!app.listed_) return;
    App** at = &first_;
    while (*at != &app) at = &(*at)->next_;
    *at = app.next_;
    app.listed_ = false;
    region_.used -= app.image().memory_size;
    --count_;
  }

  Ref<App> find(std::string_view name) {
    const SpinGuard guard(lock_);
    for (App* app = first_; app != nullptr; app = app->next_)
      if (app->image().name_view() == name && app->try_ref()) return Ref<App>::adopt(app);
    return {};
  }

  template <typename Visit>
  void each(Visit visit) {
    const SpinGuard guard(lock_);
    for (App* app = first_; app != nullptr; app = app->next_) visit(*app);
  }

  AppRegion region() {
    const SpinGuard guard(lock_);
    return region_;
  }

  bool region_set(std::uint64_t address, std::uint64_t size) {
    const SpinGuard guard(lock_);
    if (region_set_) return false;
    region_set_ = true;
    region_.address = address;
    region_.size = size < region_.used ? region_.used : size;  // what is loaded stays
    return true;
  }

 private:
  Spinlock lock_;  // a leaf: nothing else is locked, allocated or let go under it
  App* first_ = nullptr;
  std::size_t count_ = 0;
  AppRegion region_ = {0, kDefaultRegion, 0};
  bool region_set_ = false;
};

namespace {
AppTable g_apps;
}  // namespace

void App::unref() {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  g_apps.remove(*this);
  heap_delete(this);
}

bool App::try_ref() {
  std::uint32_t refs = refs_.load(std::memory_order_relaxed);
  while (refs != 0)
    if (refs_.compare_exchange_weak(refs, refs + 1, std::memory_order_relaxed)) return true;
  return false;
}

bool App::enter() {
  if ((calls_.fetch_add(1, std::memory_order_acquire) & kUnloaded) == 0) return true;
  leave();
  return false;
}

std::int32_t App::unload() {
  std::uint32_t none = 0;
  if (!calls_.compare_exchange_strong(none, kUnloaded, std::memory_order_acq_rel))
    return unloaded() ? controller::kErrorAppUnloaded : controller::kErrorAppInUse;
  g_apps.remove(*this);
  install_cbo(nullptr);
  // No operation runs or will run; what was kept goes one object at a time, since nothing is let go under the lock.
  for (;;) {
    AppObject::Kept kept;
    {
      const SpinGuard guard(lock_);
      AppObject* object = first_;
      while (object != nullptr && object->kept_.empty()) object = object->next_;
      if (object == nullptr) return vsoc::kOk;
      kept = std::move(object->kept_);
    }
  }
}

void App::install_cbo(ObjectRef object) {
  const SpinGuard guard(lock_);
  std::swap(cbo_, object);  // the old one goes with the parameter, after the guard
}

std::int32_t app_load(const TaImage& image, Ref<App>& app) {
  auto made = Ref<App>::adopt(heap_new<App>(image));
  if (!made) return loader::kErrorTzHeapMallocFailure;
  if (const auto error = g_apps.add(*made)) return error;
  app = std::move(made);
  return vsoc::kOk;
}

Ref<App> app_find(std::string_view name) { return g_apps.find(name); }

std::size_t app_names(char* names, std::size_t room) {
  std::size_t size = 0;
  g_apps.each([&](App& app) {
    const std::size_t length = app.image().name_view().size() + 1;
    if (size + length <= room) std::memcpy(names + size, app.image().name, length);
    size += length;
  });
  return size;
}

std::uint32_t app_instances(std::string_view name) {
  std::uint32_t count = 0;
  g_apps.each([&](App& app) { count += app.image().name_view() == name; });
  return count;
}

AppRegion app_region() { return g_apps.region(); }

bool app_region_set(std::uint64_t address, std::uint64_t size) { return g_apps.region_set(address, size); }

void app_table_start() { g_apps.start(); }

}  // namespace qtee::fw
