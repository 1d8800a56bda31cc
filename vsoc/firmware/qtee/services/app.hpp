// SPDX-License-Identifier: BSD-3-Clause
//
// Loaded TAs. An App lives as long as a controller or one of its own objects does; it is loaded until it is unloaded
// or dies. Its objects answer kDefunct once it is unloaded.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "../mapping.hpp"
#include "../object.hpp"
#include "../spinlock.hpp"
#include "ta_image.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::fw {

class AppObject;

class App {
 public:
  // For app_load.
  explicit App(const TaImage& image) : image_(image) {}
  App(const App&) = delete;

  // For Ref.
  void ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref();
  // Takes a reference unless the last one is already gone.
  bool try_ref();

  const TaImage& image() const { return image_; }
  bool unloaded() const { return (calls_.load(std::memory_order_acquire) & kUnloaded) != 0; }
  std::uint32_t calls() const { return calls_.load(std::memory_order_relaxed) & ~kUnloaded; }
  std::uint32_t objects() const { return objects_.load(std::memory_order_relaxed); }

  // An invocation of one of its objects begins, if it is loaded, and ends.
  bool enter();
  void leave() { calls_.fetch_sub(1, std::memory_order_release); }

  // Unloads it and lets go of everything that its objects kept. An error of app_controller where that can't be.
  std::int32_t unload();

  // The object that installCBO leaves, one for the only UID there is.
  void install_cbo(ObjectRef object);

 private:
  friend class AppObject;
  friend class AppController;
  friend class AppTable;
  static constexpr std::uint32_t kUnloaded = 0x80000000;

  ~App() = default;
  friend void heap_delete<App>(App*);

  const TaImage image_;
  std::atomic<std::uint32_t> refs_{1};
  std::atomic<std::uint32_t> calls_{0};    // under way; kUnloaded is set only while there are none, and stays
  std::atomic<std::uint32_t> objects_{0};  // controllers and AppObjects alive

  // Guards what follows and every AppObject's kept references. Nothing is let go, and no other lock taken, under it.
  Spinlock lock_;
  AppObject* first_ = nullptr;
  ObjectRef cbo_;

  // The app table's lock guards these.
  App* next_ = nullptr;
  bool listed_ = false;
};

// An invocation of an app's object, from App::enter to App::leave.
class AppCall {
 public:
  explicit AppCall(App& app) : app_(app.enter() ? &app : nullptr) {}
  AppCall(AppCall&& other) noexcept : app_(std::exchange(other.app_, nullptr)) {}
  ~AppCall() {
    if (app_ != nullptr) app_->leave();
  }
  explicit operator bool() const { return app_ != nullptr; }

 private:
  App* app_;
};

// Makes the image's app and lists it. An error of app_loader where that can't be.
std::int32_t app_load(const TaImage& image, Ref<App>& app);

// The oldest loaded app of that name, or null.
Ref<App> app_find(std::string_view name);

// What Diagnostics tells. The names are written with their NULs, as many as there is room for; returns the bytes that
// all of them need.
std::size_t app_names(char* names, std::size_t room);
std::uint32_t app_instances(std::string_view name);

// The region that images are loaded to: a budget, whose address is only told on.
struct AppRegion {
  std::uint64_t address;
  std::uint64_t size;
  std::uint64_t used;
};
AppRegion app_region();
// False where it has been set before.
bool app_region_set(std::uint64_t address, std::uint64_t size);

// Forgets everything. Only while firmware_start runs.
void app_table_start();

}  // namespace qtee::fw
