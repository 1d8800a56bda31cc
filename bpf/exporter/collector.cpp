// SPDX-License-Identifier: BSD-3-Clause
#include "collector.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "clock.hpp"
#include "driver_files.hpp"
#include "families.hpp"

namespace qtee::bpf {
namespace {

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }
double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}
double number(std::uint64_t value) { return static_cast<double>(value); }

const double kStarted = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();

void add_counts(const Counts& counts, Families& families) {
  for (const auto& [name, row] : counts.rows) {
    const MetricLabels labels = {{"class", name.class_label}, {"operation", name.operation}};
    for (unsigned phase = 0; phase < row.phases.size(); ++phase) {
      if (row.phases[phase].count() == 0) continue;
      MetricLabels with_phase = labels;
      with_phase.emplace_back("phase", phase_name(phase, true));
      families.histogram("qtee_invocation_seconds", "Times of invocations, and of their phases, which add up to total",
                         row.phases[phase], with_phase);
    }
    families.counter("qtee_invocation_callbacks_total", "Callbacks in invocations", number(row.callbacks), labels);
    families.counter("qtee_invocation_failures_total", "Invocations with a result that is not OK, or without one",
                     number(row.failed), labels);
  }
  for (const auto& [error, count] : counts.errors)
    families.counter(
        "qtee_errors_total", "Why invocations, and callbacks (class linux), failed", number(count),
        {{"class", error.class_label}, {"operation", error.operation}, {"kind", error.kind}, {"code", error.code}});
  for (const auto& [what, count] : counts.overflow)
    families.counter("qtee_exporter_overflow_total",
                     "What there was no room for, and is counted as other or not at all", number(count),
                     {{"what", what}});
  families.counter("qtee_exporter_partial_total", "Invocations that began before the exporter attached: not counted",
                   number(counts.partial));
  families.counter("qtee_exporter_missed_total", "Events that the kernel did not run a program for",
                   number(counts.missed));
  families.counter("qtee_exporter_attachments_total", "Times that the programs were attached to the driver",
                   number(counts.attachments));
  families.counter("qtee_exporter_attach_failures_total", "Times that this failed", number(counts.failures));
}

void add_cost(const Counts& counts, Families& families) {
  for (const auto& [program, cost] : counts.cost) {
    families.counter("qtee_exporter_program_runs_total", "Runs of the exporter's BPF programs", number(cost.runs),
                     {{"program", program}});
    families.counter("qtee_exporter_program_seconds_total", "CPU time of the exporter's BPF programs", seconds(cost.ns),
                     {{"program", program}});
  }
}

void add_waiting(const Waiting& waiting, Families& families) {
  const char* const count = "Callbacks that a server in user space has not answered";
  const char* const oldest = "How long the oldest of them has been so; 0 without one";
  families.gauge("qtee_callbacks_waiting", count, number(waiting.queued), {{"state", "queued"}});
  families.gauge("qtee_callbacks_waiting", count, number(waiting.received), {{"state", "received"}});
  families.gauge("qtee_callback_oldest_seconds", oldest, seconds(waiting.oldest_queued_ns), {{"state", "queued"}});
  families.gauge("qtee_callback_oldest_seconds", oldest, seconds(waiting.oldest_received_ns), {{"state", "received"}});
}

void add_process(Families& families) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  families.counter("process_cpu_seconds_total", "CPU time of the exporter itself",
                   seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  if (statm >> size >> resident)
    families.gauge("process_resident_memory_bytes", "Memory of the exporter itself",
                   resident * static_cast<double>(sysconf(_SC_PAGESIZE)));
  families.gauge("process_start_time_seconds", "When the exporter began, since the epoch", kStarted);
}

}  // namespace

std::vector<prometheus::MetricFamily> Collector::Collect() const {
  const std::uint64_t began = clock_now();
  Families families;
  families.gauge("qtee_up", "1 while the driver is loaded", module_loaded("qtee"));
  driver_files_read("/sys", families);
  if (watch_) {
    const Counts counts = watch_->counts();
    families.gauge("qtee_exporter_attached", "1 while the exporter sees the driver's trace events", watch_->attached());
    add_counts(counts, families);
    add_waiting(watch_->waiting(), families);
    if (watch_->counts_cost()) add_cost(counts, families);
  }
  add_process(families);
  families.gauge("qtee_exporter_collect_seconds", "How long it took to collect all this", seconds(clock_now() - began));
  return families.take();
}

}  // namespace qtee::bpf
