// SPDX-License-Identifier: BSD-3-Clause
#include "gate.hpp"

#include <fmt/core.h>

#include <cmath>

namespace qtee::bench {

namespace {

constexpr double kRounding = 1e-6;  // of sums of doubles

}  // namespace

Json gate_record(const Results& results) {
  Json recorded = Json::object();
  for (const std::string& name : results.names()) {
    const std::string who = name_who(name);
    const double count = results.value(name, "kernel_instructions");
    if (who != "floor" && who != "mainline" && !name.starts_with("pools/") && !std::isnan(count))
      recorded[name] = count;
  }
  return recorded;
}

std::vector<std::string> gate_check(const Json& recorded, const Results& results) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : recorded.items()) {
    const double before = value.get<double>(), now = results.value(name, "kernel_instructions");
    if (std::isnan(now))
      lines.push_back(
          fmt::format("{}: {:.0f} kernel instructions were recorded; now it was not measured", name, before));
    else if (now - before > kGrowth * before + kRounding)
      lines.push_back(fmt::format("{}: {:.0f} kernel instructions, and {:.0f} were recorded: {:.1f} % more", name, now,
                                  before, 100 * (now / before - 1)));
  }
  return lines;
}

}  // namespace qtee::bench
