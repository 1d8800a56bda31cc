// SPDX-License-Identifier: BSD-3-Clause
//
// The driver's modules, unloaded and loaded again.
#pragma once

#include <string>
#include <vector>

#include "settings.hpp"

namespace qtee::tune {

/// Processes that have a device, an object or memory of the driver's open or mapped: "123 (name)".
std::vector<std::string> driver_clients();

/// Those modules of the driver's that are loaded, and how they can be again.
class Modules final {
 public:
  struct Module {
    std::string name;
    std::vector<std::pair<std::string, std::string>> parameters;
  };

  /// `folder`: where the .ko files are; "" for modprobe. Remembers what is loaded, with the settings `now` that are in
  /// use and what else its parameters are. Throws ToolError where the files are not there.
  Modules(std::string folder, const Settings& now);
  /// As another process has remembered them.
  Modules(std::string folder, std::vector<Module> modules) : folder_(std::move(folder)), modules_(std::move(modules)) {}

  const std::string& folder() const { return folder_; }
  const std::vector<Module>& modules() const { return modules_; }

  /// Unloads all and loads them with these settings, and as they were otherwise. Throws ToolError and leaves all as it
  /// was: where clients are open, where a module is in use, where the driver refuses a setting.
  void reload(const Settings& settings) const;
  /// As they were at first.
  void restore() const { reload({}); }

 private:
  void load(const Module& module, const Settings& settings) const;
  void load_all(const Settings& settings) const;
  void unload_all() const;

  std::string folder_;
  std::vector<Module> modules_;  // in the order of loading
};

}  // namespace qtee::tune
