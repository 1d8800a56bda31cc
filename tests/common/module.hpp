// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace qtee::test {

/// Loads a module of ours, by its file's name without the ending, with parameters as insmod takes them. Returns 0 or
/// an errno.
int module_load(const std::string& name, const std::string& options = "");

/// Unloads a module. Returns 0 or an errno.
int module_unload(const std::string& name);

bool module_loaded(const std::string& name);

/// Unloads our driver with its front ends, also where somebody is about to let go of it. Returns what was loaded, in
/// the order in which to load it again; throws std::system_error.
std::vector<std::string> driver_unload();

}  // namespace qtee::test
