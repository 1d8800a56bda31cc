// SPDX-License-Identifier: BSD-3-Clause
//
// What the main functions of all tools do, in one order.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "output.hpp"
#include "table.hpp"
#include "tool.hpp"

namespace qtee::bpf {

/// Writes what a tool ends with: in JSON the line "end" with `counts`, else remarks on what was lost. `partial`: calls
/// that began before the tool did, where it leaves them out.
void end_write(std::string_view tool, bool json, Json counts, std::uint64_t lost, std::optional<std::uint64_t> partial);

/// A tool's programs, from their beginning to their end: what is constant is set between the constructor and load(),
/// what reads maps is made between that and run(), results are shown between that and finish(). One thread's.
template <class Skeleton>
class Session final {
 public:
  /// Takes signals from here on. Filters are set. Throws ToolError, as all do.
  Session(const char* tool, const Options& options) : tool_(tool), options_(options), loop_(options) {
    if (options.overhead) overhead_.emplace();
    const qtee_filter filter = options.filter();
    if (filter.by_process) process_require(filter.tgid);
    programs_->rodata->qtee_filter = filter;
  }

  void load() { programs_.load(); }
  /// Attaches, says `remark` unless it is empty, and waits until all is over. From then on nothing is counted.
  void run(const std::string& remark, const std::function<void()>& each_interval = [] {}) {
    programs_.attach();
    if (!remark.empty()) remark_write(tool_, remark + "; Ctrl-C ends it");
    loop_.run(each_interval);
    programs_.detach();
  }
  /// Events that the programs missed, or had no room for.
  std::uint64_t lost() const { return programs_->bss->qtee_lost + programs_missed(programs_.object()); }
  /// The last of all output: what the programs have cost, where that is asked for, and what end_write() says.
  void finish(Json counts, std::optional<std::uint64_t> partial = std::nullopt) const {
    if (overhead_) overhead_->report(tool_, programs_.object(), loop_.length(), options_.json);
    end_write(tool_, options_.json, std::move(counts), lost(), partial);
  }

  Loop& loop() { return loop_; }
  Skeleton* operator->() { return programs_.operator->(); }
  const Skeleton* operator->() const { return programs_.operator->(); }

 private:
  const char* tool_;
  const Options& options_;
  Loop loop_;
  std::optional<Overhead> overhead_;
  Programs<Skeleton> programs_;
};

/// Loads programs of calls.bpf.h with room for `keys`, and what they count.
template <class Skeleton>
Slots slots_load(Session<Skeleton>& session, std::uint32_t keys) {
  session->rodata->calls_keys_max = keys;
  bpf_map__set_max_entries(session->maps.calls_keys, keys);
  bpf_map__set_max_entries(session->maps.calls_slots, keys + 1);
  session.load();
  return Slots(bpf_map__fd(session->maps.calls_slots), keys + 1);
}

}  // namespace qtee::bpf
