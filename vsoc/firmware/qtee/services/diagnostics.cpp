// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>

#include "../call.hpp"
#include "app.hpp"
#include "app_name.hpp"
#include "services.hpp"

namespace qtee::fw {
namespace {

namespace diag = vsoc::diagnostics;

std::uint32_t clamp32(std::uint64_t value) {
  return value > 0xFFFFFFFFu ? 0xFFFFFFFFu : static_cast<std::uint32_t>(value);
}

class Diagnostics final : public Object {
 public:
  Diagnostics() : Object(Lifetime::fixed) {}

  Task<Result> invoke(Call& call, std::uint32_t op) override { return Task<Result>::ready(serve(call, op)); }

 private:
  static Result serve(Call& call, std::uint32_t op) {
    switch (op) {
      case diag::kQueryHeapInfo:
        return call.shape(0, 1, 0, 0) ? query_heap_info(call) : kInvalid;
      case diag::kQueryLoadedApps:
        return call.shape(0, 1, 0, 0) ? write_names(call, 0) : kInvalid;
      case diag::kQueryAppRegion:
        return call.shape(0, 3, 0, 0) ? query_app_region(call) : kInvalid;
      case diag::kQueryAppInfo:
        return call.shape(1, 1, 0, 0) ? query_app_info(call) : kInvalid;
      case diag::kQueryAppDump:
        return call.shape(1, 3, 0, 0) ? query_app_dump(call) : kInvalid;
      default:
        return kInvalid;
    }
  }

  static Result query_heap_info(Call& call) {
    const HeapInfo heap = heap_info();
    const std::uint64_t known = heap.used + heap.free + heap.overhead;
    return call.out_value(
        0, diag::HeapInfo{clamp32(heap.total), clamp32(heap.used), clamp32(heap.free), clamp32(heap.overhead),
                          clamp32(heap.total > known ? heap.total - known : 0), clamp32(heap.largest_free)});
  }

  // Output buffers are written by length, so the names are gathered in our own memory first.
  static Result write_names(Call& call, unsigned index) {
    const Buffer names(vsoc::app_loader::kMaxApps * diag::kAppNameMax);
    if (!names.ok()) return kKmem;
    const std::size_t size = app_names(reinterpret_cast<char*>(names.data()), names.size());
    if (size > call.out(index).size()) return diag::kErrorBufferTooSmall;
    return call.out_bytes(index, names.bytes().first(size));
  }

  static Result query_app_region(Call& call) {
    const AppRegion region = app_region();
    const auto free = clamp32(region.size - region.used);
    if (const auto error = call.out_value(0, diag::RegionInfo{region.address, region.size})) return error;
    const diag::HeapInfo usage{clamp32(region.size), clamp32(region.used), free, 0, 0, free};
    if (const auto error = call.out_value(1, usage)) return error;
    return write_names(call, 2);
  }

  static Result query_app_info(Call& call) {
    AppName name;
    if (!name.take(call.in(0))) return kInvalid;
    const Ref<App> app = app_find(name.view());
    if (!app) return diag::kErrorAppNotFound;
    const TaImage& image = app->image();
    diag::AppInfo info{};
    std::memcpy(info.name, image.name, sizeof info.name);
    info.image_hash = image.hash;
    info.image_size = image.size;
    info.memory_size = clamp32(image.memory_size);
    info.elf_class = image.elf_class;
    info.instances = app_instances(name.view());
    info.objects = app->objects();
    info.calls = app->calls();
    return call.out_value(0, info);
  }

  static Result query_app_dump(Call& call) {
    AppName name;
    if (!name.take(call.in(0))) return kInvalid;
    return app_find(name.view()) ? diag::kErrorNotSupported : diag::kErrorAppNotFound;
  }
};

}  // namespace

TeeRef diagnostics_new() { return object_new<Diagnostics>(); }

}  // namespace qtee::fw
