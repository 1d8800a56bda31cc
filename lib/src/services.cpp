// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/services/app_controller.hpp"
#include "qtee/services/app_loader.hpp"
#include "qtee/services/diagnostics.hpp"
#include "qtee/services/feature_versions.hpp"

namespace qtee::services {

std::uint32_t FeatureVersions::get(std::uint32_t feature) const {
  return object_.try_call<std::uint32_t>(Op::get, feature).value("FeatureVersions: get");
}

FeatureVersions::Version FeatureVersions::qtee() const {
  const std::uint32_t word = get(kQtee);
  return {word >> 22 & 0xff, word >> 12 & 0xff, word & 0xfff};
}

Diagnostics::HeapInfo Diagnostics::heap_info() const {
  return object_.try_call<HeapInfo>(Op::query_heap_info).value("Diagnostics: query heap info");
}

AppController AppLoader::load(std::span<const std::byte> image) const {
  return AppController(
      object_.try_call<Object>(Op::load_from_buffer, image).value("AppLoader: load an image from a buffer"));
}

AppController AppLoader::load(const MemoryObject& image) const {
  return AppController(
      object_.try_call<Object>(Op::load_from_region, image).value("AppLoader: load an image from shared memory"));
}

Object AppController::app_object() const {
  return object_.try_call<Object>(Op::get_app_object).value("AppController: get the application's object");
}

void AppController::unload() const { object_.try_call(Op::unload).value("AppController: unload"); }

}  // namespace qtee::services
