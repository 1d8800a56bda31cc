// SPDX-License-Identifier: BSD-3-Clause

#include "registry.hpp"

#include "state.hpp"

namespace qtee::fw {
namespace {

constexpr std::uint32_t kServices = 32;
constexpr Result kNotFound = 10;

struct Service {
  std::uint32_t uid;
  ServiceOpen open;
};

// Written while firmware_start runs, before there is an SMC; only read afterwards.
constinit Service g_services[kServices]{};
constinit std::uint32_t g_count = 0;

}  // namespace

void registry_start() { g_count = 0; }

bool registry_add(std::uint32_t uid, ServiceOpen open) {
  if (g_count == kServices) return false;
  for (std::uint32_t at = 0; at < g_count; ++at) {
    if (g_services[at].uid == uid) return false;
  }
  g_services[g_count++] = {uid, open};
  return true;
}

Result registry_open(std::uint32_t uid, TeeRef& service) {
  for (std::uint32_t at = 0; at < g_count; ++at) {
    if (g_services[at].uid == uid) return g_services[at].open(service);
  }
  return kNotFound;
}

void registry_set_root(TeeRef root) { state().objects.set_root(std::move(root)); }

}  // namespace qtee::fw
