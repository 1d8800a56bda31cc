// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-slow: invocations that took too long, and why.
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "clock.hpp"
#include "names.hpp"
#include "output.hpp"
#include "quantity.hpp"
#include "session.hpp"
#include "symbols.hpp"
#include "verdict.hpp"

#include "slow.skel.h"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-slow";

struct SlowOptions : Options {
  std::optional<std::uint64_t> threshold = 10'000'000;
  std::uint32_t sample_hz = 997;
  std::uint64_t most = 0;
};

std::string text_of(const char (&comm)[QTEE_COMM_SIZE]) { return {comm, ::strnlen(comm, sizeof comm)}; }

class Reporter final {
 public:
  Reporter(const SlowOptions& options, int stacks) : options_(options), stacks_(stacks) { kernel_.read(); }

  void report(const slow_call& call) {
    ++reported_;
    // While it is there.
    user_.learn(call.pid);
    options_.json ? report_json(call) : report_text(call);
  }
  std::uint64_t reported() const { return reported_; }

 private:
  /// Of the kernel, without the scheduler's and ours.
  std::vector<std::string> kernel_stack(std::uint32_t id) {
    std::vector<std::string> names;
    for (const std::uint64_t address : stack_frames(stacks_, id)) {
      std::string name = kernel_.name(address);
      if (!names.empty() || !symbol_is_noise(name)) names.push_back(std::move(name));
    }
    return names;
  }
  std::vector<std::string> user_stack(const slow_call& call) {
    std::vector<std::string> names;
    for (const std::uint64_t address : stack_frames(stacks_, call.stack))
      names.push_back(user_.name(call.pid, address));
    return names;
  }
  std::string verdict(const slow_call& call) {
    return slow_verdict(call, [&](std::uint32_t id) {
      const std::vector<std::string> names = kernel_stack(id);
      return names.empty() ? std::string() : names.front();
    });
  }
  static std::uint32_t waits(const slow_call& call) { return std::min<std::uint32_t>(call.waits, SLOW_WAITS); }

  void report_text(const slow_call& call) {
    const std::uint64_t callback = call.phases[SLOW_CALLBACK];
    line_write(fmt::format("{}{}[{}] {} of object {}: {}, result {}, error {}",
                           options_.timestamps ? clock_text(call.begin) + " " : "", printable(text_of(call.comm)),
                           call.tid, operation_name(call.object, call.op), object_name(call.object),
                           duration_format(call.total), result_name(call.result), error_name(call.error)));
    line_write("  " + verdict(call));
    line_write(fmt::format("  Linux in {}, secure world {} (entered {} times), callbacks {}, servers {}, Linux out {}",
                           duration_format(call.phases[SLOW_LINUX_IN]), duration_format(call.phases[SLOW_SECURE]),
                           call.smcs, duration_format(callback - std::min<std::uint64_t>(callback, call.server_ns)),
                           duration_format(call.server_ns), duration_format(call.phases[SLOW_LINUX_OUT])));
    for (std::uint32_t i = 0; i < waits(call); ++i) {
      const slow_wait& wait = call.wait[i];
      line_write(fmt::format("  {} {} ({}x, {}): {}", slow_kind_name(wait.kind), duration_format(wait.ns), wait.count,
                             slow_phase_name(wait.phase, true), fmt::join(kernel_stack(wait.stack), " < ")));
    }
    if (const auto stack = user_stack(call); !stack.empty())
      line_write(printable(fmt::format("  called by {}", fmt::join(stack, " < "))));
    line_write("");
  }

  void report_json(const slow_call& call) {
    Json line = json_line(kTool, "call", call.begin);
    line.update({{"invocation", call.invocation},
                 {"process", text_of(call.comm)},
                 {"pid", call.pid},
                 {"tid", call.tid},
                 {"object", call.object},
                 {"op", call.op},
                 {"operation", operation_name(call.object, call.op)},
                 {"result", call.result},
                 {"error", call.error},
                 {"total_ns", call.total},
                 {"verdict", verdict(call)}});
    const std::uint64_t callback = call.phases[SLOW_CALLBACK],
                        server = std::min<std::uint64_t>(callback, call.server_ns);
    // As qtee-lat's.
    line["phases"] = {{"linux_in", call.phases[SLOW_LINUX_IN]},
                      {"secure", call.phases[SLOW_SECURE]},
                      {"callback", callback - server},
                      {"server", server},
                      {"linux_out", call.phases[SLOW_LINUX_OUT]}};
    line.update({{"smcs", call.smcs}, {"interrupted", call.interrupted}, {"slept", call.slept}, {"busy", call.busy}});
    line["callbacks"] = call.callbacks;
    if (call.callbacks)
      line["longest_callback"] = {{"object", call.longest.object},
                                  {"op", call.longest.op},
                                  {"ns", call.longest.ns},
                                  {"queue_ns", call.longest.queue_ns},
                                  {"server_ns", call.longest.server_ns},
                                  {"server", text_of(call.longest.comm)},
                                  {"server_pid", call.longest.server},
                                  {"error", call.longest.error}};
    Json& all = line["waits"] = Json::array();
    for (std::uint32_t i = 0; i < waits(call); ++i) {
      const slow_wait& wait = call.wait[i];
      all.push_back({{"kind", slow_kind_name(wait.kind)},
                     {"phase", slow_phase_name(wait.phase, true)},
                     {"ns", wait.ns},
                     {"count", wait.count},
                     {"stack", kernel_stack(wait.stack)}});
    }
    line["waits_lost"] = call.waits_lost;
    line["stack"] = user_stack(call);
    json_write(line);
  }

  const SlowOptions& options_;
  const int stacks_;
  KernelSymbols kernel_;
  UserSymbols user_;
  std::uint64_t reported_ = 0;
};

/// Runs `program` so often a second on each CPU, while the links live.
class Samples final {
 public:
  Samples(const bpf_program* program, std::uint32_t hz) {
    perf_event_attr attr{};
    attr.type = PERF_TYPE_SOFTWARE;
    attr.size = sizeof attr;
    attr.config = PERF_COUNT_SW_CPU_CLOCK;
    attr.freq = 1;
    attr.sample_freq = hz;
    const int cpus = libbpf_num_possible_cpus();
    for (int cpu = 0; cpu < cpus; ++cpu) {
      FileDescriptor event(static_cast<int>(::syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
      if (!event) {
        if (errno == ENODEV || errno == ENXIO) continue;  // offline
        throw ToolError(
            fmt::format("no samples can be had: {}{}; --sample-hz 0 does without", std::strerror(errno),
                        errno == EINVAL ? ", perhaps as /proc/sys/kernel/perf_event_max_sample_rate is less" : ""));
      }
      bpf_link* link = bpf_program__attach_perf_event(program, event.get());
      if (!link) throw ToolError("no samples can be had: " + libbpf_last_words());
      // The link closes the event.
      event.release();
      links_.emplace_back(link, bpf_link__destroy);
    }
  }

 private:
  std::vector<std::unique_ptr<bpf_link, int (*)(bpf_link*)>> links_;
};

int slow(SlowOptions& options) {
  kernel_require("qtee");
  Session<slow_bpf> session(kTool, options);
  session->rodata->slow_threshold = *options.threshold;
  session->rodata->slow_sample_ns = options.sample_hz ? 1'000'000'000 / options.sample_hz : 0;
  bpf_program__set_autoattach(session->progs.slow_sample, false);
  session.load();
  Reporter reporter(options, bpf_map__fd(session->maps.qtee_stacks));
  RingBuffer records(bpf_map__fd(session->maps.slow_records), session.loop(), [&](const void* data, std::size_t) {
    if (options.most && reporter.reported() >= options.most) return;
    reporter.report(*static_cast<const slow_call*>(data));
    if (options.most && reporter.reported() >= options.most) session.loop().stop();
  });
  std::optional<Samples> samples;
  if (options.sample_hz) samples.emplace(session->progs.slow_sample, options.sample_hz);
  session.run(fmt::format("waiting for invocations of {} and more", duration_format(*options.threshold)));
  samples.reset();
  records.drain();
  const std::uint64_t calls = session->bss->slow_calls;
  if (!options.json)
    line_write(fmt::format("{} of {} calls took {} or more", count_format(reporter.reported()), count_format(calls),
                           duration_format(*options.threshold)));
  session.finish({{"calls", calls}, {"reported", reporter.reported()}});
  return session.loop().status();
}

}  // namespace
}  // namespace qtee::bpf

int main(int argc, char** argv) {
  using namespace qtee::bpf;
  SlowOptions options;
  CLI::App app("Invocations of QTEE that take too long: each with where its time went, in a sentence.", kTool);
  option_add_duration(app, "-T,--threshold", options.threshold, "Report those that take this long or longer [10ms]");
  app.add_option("-n,--count", options.most, "End after so many")->type_name("N");
  app.add_option("--sample-hz", options.sample_hz,
                 "Look so often a second at what Linux does meanwhile; 0: never [997]")
      ->check(CLI::Range(0, 10000))
      ->type_name("N");
  options_add(app, options, Interval::none);
  return tool_main(app, argc, argv, options, [&] { return slow(options); });
}
