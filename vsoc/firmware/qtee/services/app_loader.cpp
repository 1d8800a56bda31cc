// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>

#include "app_name.hpp"
#include "app_object.hpp"
#include "services.hpp"

namespace qtee::fw {
namespace {

namespace loader = vsoc::app_loader;

// Loads the image and gives its controller out.
Result image_give(Call& call, const TaImage& image) {
  Ref<App> app;
  if (const auto error = app_load(image, app)) return error;
  TeeRef controller = app_controller_new(std::move(app));
  if (!controller) return loader::kErrorTzHeapMallocFailure;
  call.object_out(0, std::move(controller));
  return kOk;
}

class AppLoader final : public Object {
 public:
  AppLoader() : Object(Lifetime::fixed) {}

  Task<Result> invoke(Call& call, std::uint32_t op) override {
    switch (op) {
      case loader::kLoadFromBuffer:
        return Task<Result>::ready(call.shape(1, 0, 0, 1) ? load_from_buffer(call) : kInvalid);
      case loader::kLoadFromRegion:
        if (!call.shape(0, 0, 1, 1)) break;
        return load_from_region(call);
      case loader::kLoadEmbedded:
        return Task<Result>::ready(call.shape(1, 0, 0, 1) ? load_embedded(call) : kInvalid);
      case loader::kConnect:
        return Task<Result>::ready(call.shape(1, 0, 0, 1) ? connect(call) : kInvalid);
      default:
        break;
    }
    return Task<Result>::ready(kInvalid);
  }

 private:
  static Result load_copy(Call& call, std::span<const std::byte> shared) {
    if (shared.empty()) return loader::kErrorInvalidBuffer;
    const Buffer copy(shared.size());
    if (!copy.ok()) return loader::kErrorTzHeapMallocFailure;
    std::memcpy(copy.data(), shared.data(), shared.size());
    TaImage image;
    if (const auto error = ta_image_check(copy.bytes(), image)) return error;
    return image_give(call, image);
  }

  static Result load_from_buffer(Call& call) { return load_copy(call, call.in(0)); }

  static Task<Result> load_from_region(Call& call) {
    if (!call.object_in(0).is_ns()) co_return call.object_in(0).is_null() ? loader::kErrorInvalidBuffer : kBadObject;
    const MapResult mapped = co_await call.map(call.object_in(0).ns());
    if (mapped.result != kOk) co_return mapped.result;
    if (!mapped.mapping.readable()) co_return loader::kErrorInvalidBuffer;
    co_return load_copy(call, mapped.mapping.bytes());
  }

  static Result load_embedded(Call& call) {
    AppName name;
    if (!name.take(call.in(0))) return kInvalid;
    if (name.view() != loader::kEmbeddedSkeleton) return loader::kErrorEmbeddedImageNotFound;
    TaImage image;
    image.memory_size = 8 * 4096;
    image.elf_class = 64;
    image.hash = ta_image_hash(std::as_bytes(std::span(loader::kEmbeddedSkeleton)));
    std::memcpy(image.name, loader::kEmbeddedSkeleton, sizeof loader::kEmbeddedSkeleton);
    return image_give(call, image);
  }

  static Result connect(Call& call) {
    AppName name;
    if (!name.take(call.in(0))) return kInvalid;
    Ref<App> app = app_find(name.view());
    if (!app) return loader::kErrorAppNotLoaded;
    TeeRef controller = app_controller_new(std::move(app));
    if (!controller) return kKmem;
    call.object_out(0, std::move(controller));
    return kOk;
  }
};

}  // namespace

TeeRef app_loader_new() { return object_new<AppLoader>(); }

}  // namespace qtee::fw
