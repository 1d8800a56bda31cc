// SPDX-License-Identifier: BSD-3-Clause
//
// The fixed objects, one function each. All return null where there is no memory.
#pragma once

#include "../object.hpp"

namespace qtee::fw {

TeeRef root_new();              // what id 1 stands for
TeeRef app_loader_new();        // UID 3
TeeRef diagnostics_new();       // UID 143
TeeRef feature_versions_new();  // UID 2033

}  // namespace qtee::fw
