// SPDX-License-Identifier: BSD-3-Clause
#include "watch.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <optional>

#include "driver.hpp"
#include "output.hpp"
#include "quiet.hpp"
#include "tool.hpp"
#include "tune.h"

#include "tune.skel.h"

namespace qtee::tune {
namespace {

using bpf::ToolError;

constexpr std::array<unsigned, TUNE_DEPTHS> kDepths = TUNE_DEPTH_VALUES;

template <std::size_t Size>
std::string text_of(const char (&text)[Size]) {
  return {text, ::strnlen(text, Size)};
}

unsigned level_most(const tune_level& level) { return static_cast<unsigned>(std::max<long long>(level.most, 0)); }

/// Calls `use(key, value)` for all that a hash map has.
template <class Key, class Value, class Use>
void map_each(int map, const Use& use) {
  Key key{}, next{};
  Value value{};
  const Key* last = nullptr;
  while (bpf_map_get_next_key(map, last, &next) == 0) {
    key = next;
    last = &key;
    if (bpf_map_lookup_elem(map, &key, &value) == 0) use(key, value);
  }
}

/// Whether the system has memory for devices that comes in any number of pages.
bool cma() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("CmaTotal:")) return std::strtoull(line.c_str() + 9, nullptr, 10) > 0;
  return false;
}

void depths_read(int map, Observation& seen) {
  const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
  std::vector<tune_lists> lists(cpus);
  const std::uint32_t none = 0;
  if (bpf_map_lookup_elem(map, &none, lists.data()) != 0) return;
  for (std::size_t i = 0; i < kDepths.size(); ++i) {
    std::uint64_t empty = 0;
    for (const tune_lists& one : lists) empty += one.empty[i];
    seen.depths.emplace_back(kDepths[i], empty);
  }
}

void pools_read(int map, const tune_totals& totals, Observation& seen) {
  map_each<std::uint64_t, tune_pool>(map, [&](std::uint64_t, const tune_pool& counts) {
    const auto pool = std::ranges::find(seen.pools, text_of(counts.name), &PoolSeen::name);
    if (pool == seen.pools.end()) return;
    pool->no_memory = counts.no_memory;
    pool->waited_ns = counts.waited_ns;
    pool->waited_most_ns = counts.waited_most;
    pool->made = counts.made;
    pool->remade = counts.remade;
    pool->again = counts.again;
    pool->gap_most_ns = counts.gap_most;
  });
  std::size_t index = 0;
  for (PoolSeen& pool : seen.pools) {
    if (pool.name == "pairs")
      pool.at_once = level_most(totals.at_once);
    else if (index < TUNE_CLASSES)
      pool.at_once = level_most(totals.classes[index++]);
  }
}

void totals_read(const tune_totals& totals, Observation& seen) {
  seen.invocations = totals.invocations;
  seen.callbacks = totals.callbacks;
  seen.at_once = level_most(totals.at_once);
  seen.in_qtee = level_most(totals.in_qtee);
  seen.requests_at_once = level_most(totals.requests);
  seen.busy = totals.busy;
  seen.busy_fewest = static_cast<unsigned>(totals.busy_fewest);
  seen.sizes.assign(std::begin(totals.units), std::end(totals.units));
  seen.largest = totals.largest;
  seen.outbound_largest = totals.outbound_largest;
  seen.maps = totals.maps;
  seen.maps_again = totals.maps_again;
  seen.maps_gap_most_ns = totals.maps_gap_most;
}

void processes_read(int servers, int copiers, Observation& seen) {
  map_each<std::uint32_t, tune_server>(servers, [&](std::uint32_t pid, const tune_server& server) {
    seen.servers.push_back({text_of(server.comm), pid, server.received, server.behind, server.behind_ns,
                            server.behind_most, level_most(server.busy)});
  });
  map_each<std::uint32_t, tune_copier>(copiers, [&](std::uint32_t pid, const tune_copier& copier) {
    seen.copiers.push_back({text_of(copier.comm), pid, copier.calls, copier.bytes});
  });
}

}  // namespace

Observation watch(const bpf::Options& options, bool whole, int& status) {
  bpf::kernel_require("qtee");
  const Driver driver;
  Observation seen;
  seen.cpus = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
  seen.page_kib = static_cast<unsigned>(::sysconf(_SC_PAGESIZE) / 1024);
  seen.cma = cma();
  seen.transport = driver.transport();
  seen.settings = driver.settings();

  bpf::Loop loop(options, bpf::SecondSignal::ignored);
  std::optional<bpf::Overhead> overhead;
  if (options.overhead) overhead.emplace();
  bpf::Programs<tune_bpf> programs;
  programs->rodata->tune_pair_bytes = setting(seen.settings, "message_in_kib") * 1024;
  const Values& classes = seen.settings.at("classes_kib");
  for (std::size_t i = 0; i < classes.size() && i < TUNE_CLASSES; ++i)
    programs->rodata->tune_class_bytes[i] = classes[i] * 1024;
  programs.load();
  programs.attach();
  const Counters before = driver.counters();
  bpf::remark_write("qtee-tune", "watching; Ctrl-C ends it");
  {
    const Quiet quiet(whole && !options.verbose);
    loop.run([] {});
  }
  const Counters counters = counters_between(before, driver.counters());
  const std::uint64_t missed = bpf::programs_missed(programs.object());
  if (overhead) overhead->report("qtee-tune", programs.object(), loop.length(), options.json);
  programs.detach();
  status = loop.status();
  if (whole && loop.interrupted()) throw ToolError("interrupted: nothing is changed");
  if (whole && status) throw ToolError(fmt::format("the command ended with status {}: nothing is changed", status));

  seen.ns = loop.length();
  seen.list_misses = counters.list_misses;
  seen.pool_bytes = counters.pool_bytes;
  seen.pools = counters.pools;
  const tune_totals& totals = programs->bss->tune_totals;
  totals_read(totals, seen);
  depths_read(bpf_map__fd(programs->maps.tune_lists), seen);
  pools_read(bpf_map__fd(programs->maps.tune_pools), totals, seen);
  processes_read(bpf_map__fd(programs->maps.tune_servers), bpf_map__fd(programs->maps.tune_copiers), seen);
  seen.lost = programs->bss->qtee_lost + missed;
  return seen;
}

}  // namespace qtee::tune
