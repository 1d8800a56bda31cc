// SPDX-License-Identifier: BSD-3-Clause
//
// Puts the services into the registry.
#include "services.hpp"

#include "../registry.hpp"
#include "app.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::fw {
namespace {

// Fixed objects, held for good: every client that opens a service gets the same one.
Object* g_app_loader;
Object* g_diagnostics;
Object* g_feature_versions;

template <Object** kService>
Result share(TeeRef& service) {
  service = TeeRef::share(*kService);
  return kOk;
}

template <Object** kService>
bool add(std::uint32_t uid, TeeRef service) {
  *kService = service.leak();
  return *kService != nullptr && registry_add(uid, share<kService>);
}

}  // namespace

bool services_start() {
  app_table_start();
  TeeRef root = root_new();
  if (!root) return false;
  registry_set_root(std::move(root));
  return add<&g_app_loader>(vsoc::kUidAppLoader, app_loader_new()) &&
         add<&g_diagnostics>(vsoc::kUidDiagnostics, diagnostics_new()) &&
         add<&g_feature_versions>(vsoc::kUidFeatureVersions, feature_versions_new());
}

}  // namespace qtee::fw
