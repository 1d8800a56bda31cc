// SPDX-License-Identifier: BSD-3-Clause
#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clock.hpp"
#include "output.hpp"
#include "quantity.hpp"

namespace qtee::tune {
namespace {

using bpf::count_format;
using bpf::duration_format;
using bpf::Json;
using bpf::json_write;
using bpf::line_write;
using bpf::share_format;

constexpr char kTool[] = "qtee-tune";

Json json_begin(const char* type) { return bpf::json_line(kTool, type, bpf::clock_now()); }

Json values_json(const Values& values) { return values.size() == 1 ? Json(values[0]) : Json(values); }

Json settings_json(const Settings& settings) {
  Json json = Json::object();
  for (const auto& [name, values] : settings) json[name] = values_json(values);
  return json;
}

Json pool_json(const PoolSeen& pool) {
  return {{"pool", pool.name},
          {"size", pool.size},
          {"limit", pool.limit},
          {"count", pool.count},
          {"at_once", pool.at_once},
          {"hits", pool.hits},
          {"misses", pool.misses},
          {"waits", pool.waits},
          {"failures", pool.failures},
          {"waited_ns", pool.waited_ns},
          {"waited_most_ns", pool.waited_most_ns},
          {"made", pool.made},
          {"remade", pool.remade},
          {"gap_most_ns", pool.gap_most_ns}};
}

const char* change_name(Change change) {
  switch (change) {
    case Change::better:
      return "better";
    case Change::worse:
      return "worse";
    default:
      return "same";
  }
}

std::string bytes_format(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  return bytes < 10'000'000 ? fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024)
                            : fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576);
}

std::string memory_format(std::int64_t bytes) {
  return bytes < 0 ? fmt::format("costs up to {} of memory", bytes_format(static_cast<std::uint64_t>(-bytes)))
                   : fmt::format("frees up to {} of memory", bytes_format(static_cast<std::uint64_t>(bytes)));
}

std::string number_format(double value) {
  return value >= 1000 ? count_format(static_cast<std::uint64_t>(value + 0.5)) : fmt::format("{:.4g}", value);
}

}  // namespace

void Report::observation(const Observation& seen) const {
  if (json_) {
    Json line = json_begin("observation");
    line.update({{"elapsed_ns", seen.ns},
                 {"cpus", seen.cpus},
                 {"page_kib", seen.page_kib},
                 {"cma", seen.cma},
                 {"transport", seen.transport},
                 {"invocations", seen.invocations},
                 {"callbacks", seen.callbacks},
                 {"at_once", seen.at_once},
                 {"in_qtee", seen.in_qtee},
                 {"busy", seen.busy},
                 {"largest", seen.largest},
                 {"outbound_largest", seen.outbound_largest},
                 {"list_misses", seen.list_misses},
                 {"maps", seen.maps},
                 {"maps_again", seen.maps_again},
                 {"pool_bytes", seen.pool_bytes},
                 {"lost", seen.lost},
                 {"settings", settings_json(seen.settings)}});
    for (const auto& [depth, misses] : seen.depths) line["misses_by_depth"][std::to_string(depth)] = misses;
    Json& sizes = line["sizes"] = Json::array();
    for (std::size_t i = 0; i < seen.sizes.size(); ++i)
      if (seen.sizes[i]) sizes.push_back({{"up_to", (i + 1) * 4096}, {"count", seen.sizes[i]}});
    Json& pools = line["pools"] = Json::array();
    for (const PoolSeen& pool : seen.pools) pools.push_back(pool_json(pool));
    Json& servers = line["servers"] = Json::array();
    for (const ServerSeen& server : seen.servers)
      servers.push_back({{"process", server.process},
                         {"pid", server.pid},
                         {"received", server.received},
                         {"behind", server.behind},
                         {"behind_ns", server.behind_ns},
                         {"behind_most_ns", server.behind_most_ns},
                         {"busy_most", server.busy_most}});
    json_write(line);
    return;
  }
  line_write(fmt::format("{} invocations in {}, up to {} at once, with {} callbacks; {} CPUs, transport {}",
                         count_format(seen.invocations), duration_format(seen.ns), seen.at_once,
                         count_format(seen.callbacks), seen.cpus, seen.transport));
  line_write(fmt::format("messages of up to {}; message buffers have {}", bytes_format(seen.largest),
                         bytes_format(seen.pool_bytes)));
  line_write(fmt::format("{:>8} {:>9} {:>8} {:>8} {:>7} {:>6} {:>7} {:>6} {:>8}", "pool", "at once", "hits", "misses",
                         "waits", "none", "made", "again", "longest"));
  for (const PoolSeen& pool : seen.pools) {
    if (pool.hits + pool.misses + pool.made == 0) continue;
    line_write(fmt::format("{:>8} {:>9} {:>8} {:>8} {:>7} {:>6} {:>7} {:>6} {:>8}", pool.name, pool.at_once,
                           count_format(pool.hits), count_format(pool.misses), count_format(pool.waits),
                           count_format(pool.failures), count_format(pool.made), count_format(pool.remade),
                           pool.misses ? duration_format(pool.waited_most_ns) : "-"));
  }
  line_write(fmt::format("not in the CPU's list: {} of {} ({})", count_format(seen.list_misses),
                         count_format(seen.invocations), share_format(seen.list_misses, seen.invocations)));
  if (seen.lost)
    bpf::remark_write(kTool, fmt::format("{} events were lost: figures are too low", count_format(seen.lost)));
}

void Report::proposals(const Observation& seen, const std::vector<Proposal>& proposals) const {
  if (json_) {
    for (const Proposal& one : proposals) {
      Json line = json_begin("proposal");
      const bool setting = one.kind == Proposal::Kind::setting;
      line.update({{"kind", setting ? "setting" : "advice"}, {"name", one.name}});
      if (setting)
        line.update({{"module", tunable(one.name).module},
                     {"live", tunable(one.name).when == Tunable::When::live},
                     {"from", values_json(one.from)},
                     {"to", values_json(one.to)}});
      line.update({{"reason", one.reason}, {"gain", one.gain}});
      line["instructions"] = one.instructions ? Json(*one.instructions) : Json();
      line["memory_bytes"] = one.memory ? Json(*one.memory) : Json();
      json_write(line);
    }
    return;
  }
  line_write("");
  if (seen.invocations < kEnough) {
    line_write(
        fmt::format("{} invocations say nothing: watch for longer, or while there is more load", seen.invocations));
    return;
  }
  if (proposals.empty()) line_write("nothing to propose: the settings fit what was seen");
  for (const Proposal& one : proposals) {
    line_write(one.kind == Proposal::Kind::setting
                   ? fmt::format("{}: {} -> {}{}", one.name, values_format(one.from), values_format(one.to),
                                 tunable(one.name).when == Tunable::When::live ? "" : "  (when the driver is loaded)")
                   : fmt::format("to consider: {}", one.name));
    line_write("  why:   " + one.reason);
    line_write(
        fmt::format("  gain:  {}{}", one.gain, one.memory && *one.memory ? "; " + memory_format(*one.memory) : ""));
  }
  if (std::ranges::any_of(proposals, [](const Proposal& one) { return one.instructions.value_or(0) > 0; }))
    line_write(
        "Figures are reckoned from counts on the virtual SoC (docs/tuning.md); qtee-tune --verify measures here.");
}

void Report::settings(const Settings& before, const Settings& changes, std::string_view title) const {
  if (json_) {
    Json line = json_begin("settings"), from = Json::object();
    for (const auto& [name, values] : changes)
      if (const auto found = before.find(name); found != before.end()) from[name] = values_json(found->second);
    line.update({{"what", title}, {"from", from}, {"to", settings_json(changes)}});
    json_write(line);
    return;
  }
  if (changes.empty()) line_write(fmt::format("{}: nothing, all is so already", title));
  for (const auto& [name, values] : changes) {
    const auto found = before.find(name);
    line_write(fmt::format("{}: {}: {} -> {}", title, name, found == before.end() ? "-" : values_format(found->second),
                           values_format(values)));
  }
}

void Report::comparison(const std::vector<Compared>& all) const {
  if (!json_) {
    line_write("");
    line_write(fmt::format("{:50} {:>15} {:>15} {:>8} {:>7}", "median of the rounds", "before", "after", "ratio", "p"));
  }
  for (const Compared& one : all) {
    if (json_) {
      Json line = json_begin("measure");
      line.update({{"name", one.measure.name},
                   {"before", one.before},
                   {"after", one.after},
                   {"ratio", one.ratio ? Json(*one.ratio) : Json()},
                   {"p", one.p},
                   {"change", change_name(one.change)},
                   {"rounds_before", one.measure.before},
                   {"rounds_after", one.measure.after}});
      json_write(line);
    } else {
      line_write(fmt::format("{:50} {:>15} {:>15} {:>8} {:>7.4f}{}", one.measure.title, number_format(one.before),
                             number_format(one.after), one.ratio ? fmt::format("{:.3f}", *one.ratio) : "-", one.p,
                             one.change == Change::same ? "" : fmt::format("  {}", change_name(one.change))));
    }
  }
}

void Report::verdict(const Verdict& verdict) const {
  if (json_) {
    Json line = json_begin("verdict");
    line.update({{"kept", verdict.keep}, {"reason", verdict.reason}});
    json_write(line);
  } else {
    line_write(fmt::format("{}: {}", verdict.keep ? "kept" : "reverted", verdict.reason));
  }
}

}  // namespace qtee::tune
