// SPDX-License-Identifier: BSD-3-Clause
#include "kernel_trace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "file.hpp"

namespace qtee::test {
namespace {

// "task-pid [cpu] flags time: event: ...". The third flag says where it happened: h and H in a hard interrupt, s in a
// soft one, Z and z in an NMI, '.' in the task.
bool of_task(const std::string& line) {
  const std::size_t cpu = line.find("] ");
  if (cpu == line.npos) return false;
  const std::size_t flags = line.find_first_not_of(' ', cpu + 1);
  return flags != line.npos && flags + 2 < line.size() && line[flags + 2] == '.';
}

}  // namespace

KernelTrace::KernelTrace(const std::vector<std::string>& events, Of of)
    : folder_("/sys/kernel/tracing/instances/qtee-" + std::to_string(gettid())) {
  std::error_code error;
  if (!std::filesystem::create_directory(folder_, error)) throw std::runtime_error("this kernel does not trace");
  switch_ = FileDescriptor(::open((folder_ + "/tracing_on").c_str(), O_WRONLY | O_CLOEXEC));
  on("0");
  write("buffer_size_kb", "4096");
  // The same on all CPUs, so that the order is right.
  write("trace_clock", "mono");
  if (of == Of::this_thread) write("set_event_pid", std::to_string(gettid()));
  // One a call: the file takes no more.
  for (const std::string& event : events) write("set_event", event);
}

KernelTrace::~KernelTrace() {
  std::error_code ignored;
  switch_ = FileDescriptor();
  std::filesystem::remove(folder_, ignored);
}

void KernelTrace::write(const std::string& file, const std::string& text) const {
  if (file_write(folder_ + "/" + file, text)) throw std::runtime_error("cannot write " + text + " to " + file);
}

void KernelTrace::on(const char* value) const {
  if (::pwrite(switch_.get(), value, 1, 0) != 1) throw std::runtime_error("cannot switch the trace");
}

void KernelTrace::start() {
  // Truncated, it is empty.
  if (!std::ofstream(folder_ + "/trace")) throw std::runtime_error("cannot empty the trace");
  on("1");
}

std::vector<std::string> KernelTrace::stop() {
  on("0");
  std::vector<std::string> events;
  std::ifstream trace(folder_ + "/trace");
  for (std::string line; std::getline(trace, line);)
    if (line[0] != '#' && of_task(line)) events.push_back(line);
  return events;
}

std::uint64_t KernelTrace::lost() const {
  std::uint64_t lost = 0;
  for (const auto& cpu : std::filesystem::directory_iterator(folder_ + "/per_cpu")) {
    std::ifstream stats(cpu.path() / "stats");
    for (std::string line; std::getline(stats, line);)
      if (line.starts_with("overrun: ") || line.starts_with("dropped events: "))
        lost += std::stoull(line.substr(line.find(": ") + 2));
  }
  return lost;
}

}  // namespace qtee::test
