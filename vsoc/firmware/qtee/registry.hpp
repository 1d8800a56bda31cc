// SPDX-License-Identifier: BSD-3-Clause
//
// The services by UID, and the root object: the seam between the core and the services written on it.
#pragma once

#include <cstdint>

#include "object.hpp"
#include "result.hpp"

namespace qtee::fw {

// Makes, or shares, the service's object. kKmem where there is no memory.
using ServiceOpen = Result (*)(TeeRef& service);

// Forgets all services.
void registry_start();

// Adds a service. Only while firmware_start runs; false where the UID is taken or the registry is full.
bool registry_add(std::uint32_t uid, ServiceOpen open);

// Opens a service; IClientEnv's operation 0 in the end. 10, NOT_FOUND of IOpener, for an unknown
// UID.
Result registry_open(std::uint32_t uid, TeeRef& service);

// Makes `root` what id 1 stands for. Only while firmware_start runs.
void registry_set_root(TeeRef root);

// Implemented by the services (services.cpp): sets the root and adds every service but the private one. False where
// there is no memory. Called once by firmware_start.
bool services_start();

// Implemented by private_service.cpp: adds the private service of <vsoc/service.hpp>.
bool private_service_start();

}  // namespace qtee::fw
