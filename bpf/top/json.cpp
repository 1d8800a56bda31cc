// SPDX-License-Identifier: BSD-3-Clause
#include "json.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "names.hpp"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-top";
constexpr std::array<const char*, 3> kStates = {"asked", "served", "answered"};

template <std::size_t size>
std::string text_of(const char (&comm)[size]) {
  return {comm, ::strnlen(comm, size)};
}

std::uint64_t age(std::uint64_t now, std::uint64_t since) { return since && now > since ? now - since : 0; }

Json callback_json(std::uint64_t invocation, const top_callback& callback, std::uint64_t now) {
  Json json{{"invocation", fmt::format("{:#x}", invocation)},
            {"process", text_of(callback.comm)},
            {"pid", callback.tgid},
            {"object", callback.object},
            {"op", callback.op},
            {"operation", operation_name(callback.object, callback.op)},
            {"state", kStates.at(callback.state)},
            {"age_ns", age(now, callback.since)}};
  if (callback.server) {
    json["server"] = text_of(callback.server_comm);
    json["server_pid"] = callback.server;
    json["server_ns"] = age(now, callback.received);
  }
  return json;
}

Json pool_json(const std::string& name, const Pool& pool) {
  return {{"pool", name},
          {"size", pool.size},
          {"count", pool.count},
          {"idle", pool.idle},
          {"cached", pool.cached},
          {"in_use", pool.in_use()},
          {"limit", pool.limit},
          {"hits", pool.hits},
          {"misses", pool.misses},
          {"waits", pool.waits},
          {"failures", pool.failures},
          {"waiting", pool.waiting},
          {"longest_ns", pool.longest_ns},
          {"waited_ns", pool.waited_ns}};
}

}  // namespace

void top_json(const char* scope, const TopState& state, const TopView& view,
              const std::function<void(const Json&)>& write) {
  const bool interval = std::strcmp(scope, "interval") == 0;
  const auto line = [&](const char* type) {
    Json json = json_line(kTool, type, state.now);
    json["elapsed_ns"] = state.elapsed_ns;
    return json;
  };
  const Totals totals = totals_of(state.table);
  Json all = line(scope);
  all.update({{"calls", totals.calls}, {"failed", totals.failed}, {"callbacks", totals.callbacks}});
  for (unsigned phase = 0; phase < CALLS_PHASES; ++phase) all["phases"][phase_name(phase, true)] = totals.phases[phase];
  if (interval) all["callbacks_under_way"] = state.callbacks.size();
  write(all);
  for (const auto& [key, row] : rows_sorted(state.table, view.columns, view.sort)) {
    Json json = line("row");
    json["scope"] = scope;
    json.update(row_json(key, row, view.columns, false));
    write(json);
  }
  for (const auto& [name, pool] : state.pools) {
    Json json = line("pool");
    json["scope"] = scope;
    json.update(pool_json(name, pool));
    write(json);
  }
  if (!interval) return;
  for (const auto& [invocation, callback] : state.callbacks) {
    Json json = json_line(kTool, "callback", state.now);
    json.update(callback_json(invocation, callback, state.now));
    write(json);
  }
}

}  // namespace qtee::bpf
