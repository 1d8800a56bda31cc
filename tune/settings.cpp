// SPDX-License-Identifier: BSD-3-Clause
#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace qtee::tune {
namespace {

using When = Tunable::When;

constexpr std::uint32_t kMessageMax = 4096;  // KiB
constexpr std::uint32_t kClassMax = 1024;    // buffers
constexpr std::size_t kClasses = 8;
constexpr std::uint32_t kAny = 0xffffffff;

// Bounds are the driver's: shmbridge/tuning.h and docs/devicetree/qcom,qtee.yaml. Where pages are larger, so is the
// least size.
constexpr std::array kTunables = {
    Tunable{"message_in_kib", "qtee", 4, kMessageMax, When::live, true},
    Tunable{"message_out_kib", "qtee", 4, kMessageMax, When::live, true},
    Tunable{"messages_per_cpu", "qtee", 0, 64, When::live, true},
    Tunable{"messages_spare", "qtee", 0, 1024, When::live, true},
    Tunable{"messages_max", "qtee", 2, 65536, When::live, true},
    Tunable{"message_wait_ms", "qtee", 0, 60000, When::live, true},
    Tunable{"pool_max_kib", "qtee", 64, 4194304, When::live, true},
    Tunable{"trim_ms", "qtee", 10, 3600000, When::live, true},
    Tunable{"message_retain", "qtee", 0, 1, When::live, true},
    Tunable{"callback_poll_us", "qtee", 0, 10000, When::live, true},
    Tunable{"contexts", "qtee", 0, 65536, When::load, true},
    Tunable{"classes_kib", "qtee", 4, kMessageMax, When::load, true, kClasses},
    Tunable{"classes_max", "qtee", 1, kClassMax, When::load, true, kClasses},
    Tunable{"memory_idle_ms", "qtee_mem", 0, kAny, When::live, false},
    Tunable{"memory_idle_max", "qtee_mem", 0, kAny, When::live, false},
    Tunable{"memory_alloc_max_mib", "qtee_mem", 0, kAny, When::live, false},
    Tunable{"message_buffers_max_kib", "qtee_user", 0, kAny, When::live, false},
};

std::string property_name(std::string_view name) {
  std::string property = fmt::format("qcom,{}", name);
  std::ranges::replace(property, '_', '-');
  return property;
}

}  // namespace

std::span<const Tunable> tunables() { return kTunables; }

const Tunable& tunable(std::string_view name) {
  const auto found = std::ranges::find(kTunables, name, &Tunable::name);
  if (found != kTunables.end()) return *found;
  std::string names;
  for (const Tunable& known : kTunables) names.append(names.empty() ? "" : ", ").append(known.name);
  throw std::invalid_argument(fmt::format("{} is none of the tunables: {}", name, names));
}

std::string values_format(const Values& values) { return fmt::format("{}", fmt::join(values, ",")); }

void values_check(const Tunable& tunable, const Values& values) {
  if (values.empty() || values.size() > tunable.count)
    throw std::invalid_argument(
        fmt::format("{} takes {}", tunable.name,
                    tunable.count == 1 ? std::string("one number") : fmt::format("1 to {} numbers", tunable.count)));
  for (const std::uint32_t value : values)
    if (value < tunable.least || value > tunable.most)
      throw std::invalid_argument(
          fmt::format("{}={}: it goes from {} to {}", tunable.name, value, tunable.least, tunable.most));
  if (tunable.name == "classes_kib" && std::ranges::adjacent_find(values, std::greater_equal<>()) != values.end())
    throw std::invalid_argument(fmt::format("classes_kib={}: it ascends", values_format(values)));
}

Values values_parse(const Tunable& tunable, std::string_view text) {
  Values values;
  for (std::string_view rest = text;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const char* const end = rest.data() + comma;
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(rest.data(), end, value);
    if (error != std::errc() || stop != end)
      throw std::invalid_argument(fmt::format("{}={}: {} is no number", tunable.name, text, rest.substr(0, comma)));
    values.push_back(value);
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  values_check(tunable, values);
  return values;
}

void settings_add(Settings& settings, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos) throw std::invalid_argument(fmt::format("{}: it takes NAME=VALUE", text));
  const Tunable& known = tunable(text.substr(0, equals));
  settings.insert_or_assign(std::string(known.name), values_parse(known, text.substr(equals + 1)));
}

void settings_check(const Settings& settings) {
  for (const auto& [name, values] : settings) values_check(tunable(name), values);
  const std::uint32_t in = setting(settings, "message_in_kib"), out = setting(settings, "message_out_kib"),
                      all = setting(settings, "pool_max_kib");
  if (in + out > kMessageMax)
    throw std::invalid_argument(fmt::format("message_in_kib and message_out_kib are {} at most together", kMessageMax));
  if (in && out && all && all / 2 < in + out)
    throw std::invalid_argument("pool_max_kib has to hold two pairs of message_in_kib and message_out_kib");
}

Settings settings_changed(const Settings& now, const Settings& wanted) {
  Settings changed;
  for (const auto& [name, values] : wanted) {
    const auto found = now.find(name);
    if (found == now.end() || found->second != values) changed.emplace(name, values);
  }
  return changed;
}

std::uint32_t setting(const Settings& settings, std::string_view name, std::uint32_t otherwise) {
  const auto found = settings.find(name);
  return found == settings.end() || found->second.empty() ? otherwise : found->second.front();
}

std::string modprobe_format(const Settings& settings, std::string_view title) {
  std::string text = fmt::format("# {}\n# For /etc/modprobe.d; docs/tuning.md says what each is.\n", title);
  for (const std::string_view module : {"qtee", "qtee_mem", "qtee_user"}) {
    std::string options;
    for (const auto& [name, values] : settings)
      if (tunable(name).module == module) options += fmt::format(" {}={}", name, values_format(values));
    if (!options.empty()) text += fmt::format("options {}{}\n", module, options);
  }
  return text;
}

std::vector<std::string> settings_without_property(const Settings& settings) {
  std::vector<std::string> names;
  for (const auto& [name, values] : settings)
    if (!tunable(name).property) names.push_back(name);
  return names;
}

std::string overlay_format(const Settings& settings, std::string_view title) {
  std::string text = fmt::format(
      "// SPDX-License-Identifier: BSD-3-Clause\n// {}\n// dtc -@ -I dts -O dtb; docs/devicetree/qcom,qtee.yaml is the "
      "binding.\n",
      title);
  for (const std::string& name : settings_without_property(settings))
    text +=
        fmt::format("// Not a property: {}={} of {}.\n", name, values_format(settings.at(name)), tunable(name).module);
  text += "/dts-v1/;\n/plugin/;\n\n/ {\n\tfragment@0 {\n\t\ttarget-path = \"/\";\n\t\t__overlay__ {\n";
  text += "\t\t\tfirmware {\n\t\t\t\tqtee {\n\t\t\t\t\tcompatible = \"qcom,qtee\";\n";
  for (const auto& [name, values] : settings)
    if (tunable(name).property)
      text += fmt::format("\t\t\t\t\t{} = <{}>;\n", property_name(name), fmt::join(values, " "));
  return text + "\t\t\t\t};\n\t\t\t};\n\t\t};\n\t};\n};\n";
}

}  // namespace qtee::tune
