// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "job.hpp"

namespace qtee::vsoc {

// Loads one module from a file, compressed or not. Throws Broken.
void module_load(const std::string& path, const std::string& parameters);

// Loads all files of the initramfs's module folder, in the order of their names. Throws Broken.
void module_load_boot(const std::string& folder);

// Loads one of the kernel's own modules with all that it needs. Throws Broken.
void module_probe(const std::string& module, const std::string& parameters);

// Loads the driver that the job names. Throws Broken.
void driver_load(const Job& job);

// Unloads the driver again, and what came in after it and uses it. Waits a while for references that go by themselves.
// Throws Broken where one stays in use.
void driver_unload(const Job& job);

}  // namespace qtee::vsoc
