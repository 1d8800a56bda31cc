// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-lat: how long invocations take, and where.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "clock.hpp"
#include "quantity.hpp"
#include "table.hpp"
#include "tool.hpp"

#include "lat.skel.h"
#include "lat_mainline.skel.h"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-lat";

struct LatOptions : Options {
  std::string driver = "auto";
  std::set<Column> columns = {Column::process, Column::object, Column::operation};
  std::uint32_t keys = 512;
  std::size_t limit = 20;
  bool buckets = false;
};

class Latency final {
 public:
  explicit Latency(const LatOptions& options) : options_(options) {}

  template <class Skeleton>
  int run() {
    Loop loop(options_);
    std::optional<Overhead> overhead;
    if (options_.overhead) overhead.emplace();
    Programs<Skeleton> programs;
    programs->rodata->qtee_filter = options_.filter();
    programs->rodata->lat_keys_max = options_.keys;
    bpf_map__set_max_entries(programs->maps.lat_keys, options_.keys);
    bpf_map__set_max_entries(programs->maps.lat_slots, options_.keys + 1);
    programs.load();
    Slots slots(bpf_map__fd(programs->maps.lat_slots), options_.keys + 1);
    programs.attach();
    remark_write(kTool, "counting; Ctrl-C ends it");

    std::uint64_t since = clock_now();
    loop.run([&] {
      const Table table = take(slots);
      const std::uint64_t now = clock_now();
      show(table, "interval", now - since);
      since = now;
    });
    const std::uint64_t missed = programs_missed(programs.object());
    if (overhead) overhead->report(kTool, programs.object(), loop.length(), options_.json);
    programs.detach();
    take(slots);
    show(all_, "summary", loop.length());
    finish(programs->bss->qtee_lost + missed, programs->bss->lat_partial);
    return loop.status();
  }

 private:
  Table take(Slots& slots) {
    Table table = slots.take();
    all_.add(table);
    all_without_key_ += slots.without_key();
    return table;
  }

  void show(const Table& table, const char* scope, std::uint64_t elapsed) const {
    const std::uint64_t now = clock_now();
    if (options_.json) {
      for (const auto& [key, row] : table.sorted(options_.columns)) {
        Json line = json_line(kTool, scope, now);
        line["elapsed_ns"] = elapsed;
        line.update(row_json(key, row, options_.columns, options_.buckets));
        json_write(line);
      }
      return;
    }
    const double seconds = static_cast<double>(elapsed) / 1e9;
    line_write(
        fmt::format("{}{}{}: {} calls, {} failed, {} a second", options_.timestamps ? clock_text(now) + " " : "",
                    options_.interval ? std::string(scope) + " " : "", duration_format(elapsed),
                    count_format(table.calls()), count_format(table.failed()),
                    count_format(static_cast<std::uint64_t>(static_cast<double>(table.calls()) / seconds + 0.5))));
    if (table.empty()) return;
    for (const std::string& line : table_text(table, options_.columns, options_.limit)) line_write(line);
    line_write("");
  }

  void finish(std::uint64_t lost, std::uint64_t partial) const {
    const std::uint64_t without_key = all_without_key_;
    if (options_.json) {
      Json line = json_line(kTool, "end", clock_now());
      line.update({{"calls", all_.calls()}, {"lost", lost}, {"without_key", without_key}, {"partial", partial}});
      json_write(line);
      return;
    }
    if (lost) remark_write(kTool, fmt::format("{} events were lost", count_format(lost)));
    if (without_key)
      remark_write(kTool, fmt::format("{} calls have no row: there was room for {} keys; see --keys",
                                      count_format(without_key), options_.keys));
    if (partial)
      remark_write(kTool, fmt::format("{} calls are not counted: they began before this did", count_format(partial)));
  }

  const LatOptions& options_;
  Table all_;
  std::uint64_t all_without_key_ = 0;
};

int latencies(const LatOptions& options) {
  const bool mainline =
      options.driver == "mainline" || (options.driver == "auto" && !module_loaded("qtee") && module_loaded("qcomtee"));
  kernel_require(mainline ? "qcomtee" : "qtee");
  Latency latency(options);
  return mainline ? latency.run<lat_mainline_bpf>() : latency.run<lat_bpf>();
}

}  // namespace
}  // namespace qtee::bpf

int main(int argc, char** argv) {
  using namespace qtee::bpf;
  LatOptions options;
  CLI::App app("How long invocations of QTEE take, and where: in Linux, in the secure world, in callbacks.", kTool);
  options_add(app, options, Interval::offered);
  app.add_option_function<std::string>(
         "--by",
         [&](const std::string& text) {
           try {
             options.columns = columns_parse(text);
           } catch (const std::invalid_argument& error) {
             throw CLI::ValidationError(error.what());
           }
         },
         "A row for each of these: process,object,operation by default; all: one row")
      ->type_name("COLUMNS");
  app.add_option("--limit", options.limit, "Rows of text at most, those with the most time [20]")->type_name("N");
  app.add_option("--keys", options.keys, "Room for so many processes, objects and operations [512]")
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
  app.add_flag("--buckets", options.buckets, "With --json: the histograms, too");
  app.add_option("--driver", options.driver, "qtee or mainline; by default the one that is loaded")
      ->check(CLI::IsMember({"auto", "qtee", "mainline"}))
      ->type_name("DRIVER");
  return tool_main(app, argc, argv, options, [&] { return latencies(options); });
}
