// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-stacks: folded stacks of invocations, for flame graphs.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "clock.hpp"
#include "names.hpp"
#include "output.hpp"
#include "quantity.hpp"
#include "session.hpp"
#include "symbols.hpp"

#include "stacks.h"

#include "stacks.skel.h"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-stacks";
/// How long a process has to live to be known by its symbols.
constexpr std::uint64_t kLearn = 100'000'000;
constexpr std::array<std::array<const char*, 2>, STACKS_PHASES> kPhases = {{{"Linux in", "linux_in"},
                                                                            {"secure world", "secure"},
                                                                            {"callback", "callback"},
                                                                            {"server", "server"},
                                                                            {"Linux out", "linux_out"}}};

struct StacksOptions : Options {
  bool calls = false;
  bool kernel = false;
};

class Stacks final {
 public:
  Stacks(const StacksOptions& options, int counts, int stacks) : options_(options), counts_(counts), stacks_(stacks) {}

  void learn() {
    each([&](const stacks_key& key, const stacks_value&) { user_.learn(key.tgid); });
  }

  /// All of them, and how many calls they are.
  std::uint64_t show() {
    std::uint64_t calls = 0;
    std::map<std::string, std::uint64_t> folded;
    each([&](const stacks_key& key, const stacks_value& value) {
      calls += value.calls;
      const std::vector<std::string> frames = this->frames(key);
      if (options_.json) return show_json(key, value, frames);
      const std::string stack = fmt::format("{}", fmt::join(folded_frames(frames), ";"));
      if (options_.calls) {
        folded[stack] += value.calls;
        return;
      }
      for (unsigned phase = 0; phase < STACKS_PHASES; ++phase)
        if (value.phases[phase]) folded[stack + ";" + kPhases[phase][0]] += value.phases[phase];
    });
    for (const auto& [stack, weight] : folded) line_write(fmt::format("{} {}", stack, weight));
    return calls;
  }

 private:
  template <class Work>
  void each(const Work& work) const {
    stacks_key key{};
    stacks_value value{};
    for (const stacks_key* last = nullptr; bpf_map_get_next_key(counts_, last, &key) == 0; last = &key)
      if (bpf_map_lookup_elem(counts_, &key, &value) == 0) work(key, value);
  }

  /// The process, its functions and the kernel's, outermost first, and what was invoked.
  std::vector<std::string> frames(const stacks_key& key) {
    std::vector<std::string> names;
    for (const std::uint64_t address : stack_frames(stacks_, key.kernel)) {
      const std::string name = kernel_.name(address);
      if (!names.empty() || !symbol_is_noise(name)) names.push_back(name + "_[k]");
    }
    for (const std::uint64_t address : stack_frames(stacks_, key.user)) names.push_back(user_.name(key.tgid, address));
    names.emplace_back(key.comm, ::strnlen(key.comm, sizeof key.comm));
    std::ranges::reverse(names);
    names.push_back(fmt::format("{} of {}", operation_name(key.object, key.op), object_name(key.object)));
    return names;
  }

  /// Names as they can stand in a line of such.
  static std::vector<std::string> folded_frames(const std::vector<std::string>& frames) {
    std::vector<std::string> names;
    for (const std::string& frame : frames) {
      names.push_back(printable(frame));
      std::ranges::replace(names.back(), ';', ':');
    }
    return names;
  }

  void show_json(const stacks_key& key, const stacks_value& value, const std::vector<std::string>& frames) const {
    Json line = json_line(kTool, "stack", clock_now());
    line.update({{"process", frames.front()},
                 {"pid", key.tgid},
                 {"object", key.object},
                 {"op", key.op},
                 {"operation", operation_name(key.object, key.op)},
                 {"stack", std::vector(frames.begin() + 1, frames.end() - 1)},
                 {"calls", value.calls}});
    for (unsigned phase = 0; phase < STACKS_PHASES; ++phase) line["phases"][kPhases[phase][1]] = value.phases[phase];
    json_write(line);
  }

  const StacksOptions& options_;
  const int counts_, stacks_;
  KernelSymbols kernel_;
  UserSymbols user_;
};

int stacks(StacksOptions& options) {
  kernel_require("qtee");
  options.interval = kLearn;
  Session<stacks_bpf> session(kTool, options);
  session->rodata->stacks_with_kernel = options.kernel;
  session.load();
  Stacks stacks(options, bpf_map__fd(session->maps.stacks_counts), bpf_map__fd(session->maps.qtee_stacks));
  session.run("counting", [&] { stacks.learn(); });
  const std::uint64_t calls = stacks.show();
  if (!options.json)
    remark_write(kTool, fmt::format("{} calls in {}", count_format(calls), duration_format(session.loop().length())));
  session.finish({{"calls", calls}}, session->bss->stacks_partial);
  return session.loop().status();
}

}  // namespace
}  // namespace qtee::bpf

int main(int argc, char** argv) {
  using namespace qtee::bpf;
  StacksOptions options;
  CLI::App app("Who invokes QTEE, as folded stacks for flame graphs; on top of each, where the time went in ns.",
               kTool);
  app.add_flag("-c,--calls", options.calls, "Weigh by calls instead of time");
  app.add_flag("-k,--kernel", options.kernel, "With the kernel's part of the stack");
  options_add(app, options, Interval::none);
  return tool_main(app, argc, argv, options, [&] { return stacks(options); });
}
