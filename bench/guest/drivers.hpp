// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace qtee::bench {

/// A driver that is loaded while this lives. Nobody else may load or unload any meanwhile.
class Driver final {
 public:
  /// Mainline's, with the kernel's own modules that it needs; those stay.
  static Driver mainline();
  /// Ours: all of its modules; `settings` are MODULE.NAME=VALUE.
  static Driver ours(const std::vector<std::string>& settings);
  /// Any one module of /qtee/modules.
  static Driver module(const std::string& name);

  Driver(Driver&&) = default;
  /// Waits until nobody uses it any more, and unloads it. Says so on stderr where it can't.
  ~Driver();

 private:
  explicit Driver(std::vector<std::string> modules) : modules_(std::move(modules)) {}

  std::vector<std::string> modules_;  // in loading order
};

/// The parameters of the driver's modules that are loaded, as JSON: {"qtee.transport": "scm", ...}
std::string driver_settings();

}  // namespace qtee::bench
