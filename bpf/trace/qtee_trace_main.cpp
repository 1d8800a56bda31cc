// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-trace: each invocation as it happens, callbacks within their caller.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <memory>
#include <nlohmann/json.hpp>

#include "quantity.hpp"
#include "session.hpp"
#include "story.hpp"

#include "trace.skel.h"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-trace";

struct TraceOptions : Options {
  std::uint32_t buffer_kib = 4096;
};

std::unique_ptr<Teller> teller_of(const TraceOptions& options) {
  if (options.json) return std::make_unique<JsonTeller>(json_write);
  return std::make_unique<TextTeller>(line_write, options.timestamps);
}

std::uint32_t power_of_two(std::uint32_t at_least) {
  std::uint32_t power = 1;
  while (power < at_least) power *= 2;
  return power;
}

class Trace final {
 public:
  explicit Trace(const TraceOptions& options) : options_(options), teller_(teller_of(options)), story_(*teller_) {}

  int run() {
    kernel_require("qtee");
    tracefs_require("qtee/qtee_invoke_begin");
    Session<trace_bpf> session(kTool, options_);
    bpf_map__set_max_entries(session->maps.trace_records, power_of_two(options_.buffer_kib) * 1024);
    session.load();
    RingBuffer records(bpf_map__fd(session->maps.trace_records), session.loop(), [&](const void* data, std::size_t) {
      story_.add(*static_cast<const trace_record*>(data));
      tell_lost(session->bss->qtee_lost);
    });
    session.run("tracing");
    records.drain();
    if (!options_.json) {
      remark_write(kTool, fmt::format("{} invocations, {} callbacks", count_format(story_.invocations()),
                                      count_format(story_.callbacks())));
      if (story_.under_way()) remark_write(kTool, fmt::format("{} have not ended", story_.under_way()));
    }
    session.finish({{"invocations", story_.invocations()},
                    {"callbacks", story_.callbacks()},
                    {"under_way", story_.under_way()},
                    {"strays", story_.strays()}},
                   session->bss->trace_partial);
    return session.loop().status();
  }

 private:
  // As soon as it is known: what follows has gaps.
  void tell_lost(std::uint64_t lost) {
    if (lost == lost_) return;
    if (!options_.json)
      remark_write(kTool, fmt::format("{} events lost here; see --buffer", count_format(lost - lost_)));
    lost_ = lost;
  }

  const TraceOptions& options_;
  std::unique_ptr<Teller> teller_;
  Story story_;
  std::uint64_t lost_ = 0;
};

}  // namespace
}  // namespace qtee::bpf

int main(int argc, char** argv) {
  using namespace qtee::bpf;
  CLI::App app(
      "Shows each invocation of QTEE as it happens, with its result and where its time went, and each callback "
      "within its invocation, with who served it.",
      "qtee-trace");
  TraceOptions options;
  options_add(app, options, Interval::none);
  app.add_option("--buffer", options.buffer_kib, "KiB between the kernel and this program, a power of two [4096]")
      ->check(CLI::Range(64, 262144))
      ->type_name("KIB");
  return tool_main(app, argc, argv, options, [&] { return Trace(options).run(); });
}
