// SPDX-License-Identifier: BSD-3-Clause
//
// The driver's tunables, as docs/tuning.md has them, and values for some of them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qtee::tune {

/// A tunable: a parameter of a module. KiB are rounded up to pages by the driver.
struct Tunable {
  enum class When { live, load };
  std::string_view name;
  std::string_view module;
  std::uint32_t least;
  std::uint32_t most;
  When when;
  bool property;          // of the device tree: "qcom," and the name with dashes
  std::size_t count = 1;  // of values, at most
};

std::span<const Tunable> tunables();
/// Throws std::invalid_argument, with all names, for what is none.
const Tunable& tunable(std::string_view name);

using Values = std::vector<std::uint32_t>;
/// Values by the tunables' names.
using Settings = std::map<std::string, Values, std::less<>>;

/// "128,256".
std::string values_format(const Values& values);
/// Throws std::invalid_argument, which says what is wrong, for what the driver would refuse.
Values values_parse(const Tunable& tunable, std::string_view text);
void values_check(const Tunable& tunable, const Values& values);

/// Adds "NAME=VALUE". Throws as the above.
void settings_add(Settings& settings, std::string_view text);
/// What the driver would refuse of several values together, where all of them are known. Throws std::invalid_argument.
void settings_check(const Settings& settings);
/// Those of `wanted` that are others in `now`, or not there.
Settings settings_changed(const Settings& now, const Settings& wanted);
/// A value of `settings`, the first of several; `otherwise` where there is none.
std::uint32_t setting(const Settings& settings, std::string_view name, std::uint32_t otherwise = 0);

/// Lines for a file in /etc/modprobe.d.
std::string modprobe_format(const Settings& settings, std::string_view title);
/// What of `settings` has no property of the device tree.
std::vector<std::string> settings_without_property(const Settings& settings);
/// Source of an overlay for the node of the driver, /firmware/qtee.
std::string overlay_format(const Settings& settings, std::string_view title);

}  // namespace qtee::tune
