// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-lat: how long invocations take, and where.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "clock.hpp"
#include "quantity.hpp"
#include "session.hpp"
#include "table.hpp"

#include "lat.skel.h"
#include "lat_mainline.skel.h"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-lat";

struct LatOptions : Options {
  std::string driver = "auto";
  TableOptions table;
  bool buckets = false;
};

class Latency final {
 public:
  explicit Latency(const LatOptions& options) : options_(options) {}

  template <class Skeleton>
  int run() {
    Session<Skeleton> session(kTool, options_);
    if constexpr (std::is_same_v<Skeleton, lat_mainline_bpf>) {
      const bool event = kernel_has_event("scm_smc_request", "qcom_scm");
      session->rodata->lat_mainline_scm_event = event;
      bpf_program__set_autoload(session->progs.lat_mainline_request, event);
    }
    Slots slots = slots_load(session, options_.table.keys);
    std::uint64_t since = clock_now();
    session.run("counting", [&] {
      const Table table = take(slots);
      const std::uint64_t now = clock_now();
      show(table, "interval", now - since);
      since = now;
    });
    take(slots);
    show(all_, "summary", session.loop().length());
    if (!options_.json) without_key_remark(kTool, all_without_key_, options_.table);
    session.finish({{"calls", all_.calls()}, {"without_key", all_without_key_}}, session->bss->calls_partial);
    return session.loop().status();
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
      for (const auto& [key, row] : table.sorted(options_.table.columns)) {
        Json line = json_line(kTool, scope, now);
        line["elapsed_ns"] = elapsed;
        line.update(row_json(key, row, options_.table.columns, options_.buckets));
        json_write(line);
      }
      return;
    }
    const double seconds = static_cast<double>(elapsed) / 1e9;
    line_write(fmt::format(
        "{}{}{}: {} calls, {} failed, {} a second", options_.timestamps ? clock_text(now) + " " : "",
        options_.interval ? std::string(scope) + " " : "", duration_format(elapsed), count_format(table.calls()),
        count_format(table.failed()),
        count_format(elapsed ? static_cast<std::uint64_t>(static_cast<double>(table.calls()) / seconds + 0.5) : 0)));
    if (table.empty()) return;
    for (const std::string& line : table_text(table, options_.table.columns, options_.table.limit)) line_write(line);
    line_write("");
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
  table_options_add(app, options.table);
  app.add_flag("--buckets", options.buckets, "With --json: the histograms, too");
  app.add_option("--driver", options.driver, "qtee or mainline; by default the one that is loaded")
      ->check(CLI::IsMember({"auto", "qtee", "mainline"}))
      ->type_name("DRIVER");
  return tool_main(app, argc, argv, options, [&] { return latencies(options); });
}
