// SPDX-License-Identifier: BSD-3-Clause
#include "bytes.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "file.hpp"
#include "qtee/file_descriptor.hpp"

namespace qtee::bench {
namespace {

constexpr char kTracing[] = "/sys/kernel/tracing/";
constexpr unsigned kWorks = 8;

// Where it stops, which registers, how many bytes, what they count for.
struct Place {
  const char* name;
  const char* what;  // of kprobe_events
  const char* filter;
  const char* counter;
};
constexpr Place kPlaces[] = {
    {"from_user", "__arch_copy_from_user size=%x2:u64", "", "bytes_copied"},
    {"to_user", "__arch_copy_to_user size=%x2:u64", "", "bytes_copied"},
    {"set", "__pi_memset size=%x2:u64 value=%x1:u32", " if value==0", "bytes_zeroed"},
    {"page", "clear_page size=\\4096:u64", "", "bytes_zeroed"},
};

// At its end, for these files add to what is there, and empty it otherwise.
int append(const std::string& path, const std::string& text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file) return errno;
  return ::write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

// In another thread: what that makes the kernel copy is not this one's.
void elsewhere(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Bytes::Bytes() : thread_(::gettid()) {
  try {
    for (const Place& place : kPlaces) {
      const std::string name = fmt::format("qtee_bench_{}/{}", thread_, place.name);
      write("kprobe_events", fmt::format("p:{} {}", name, place.what));
      probes_.push_back({name, place.counter});
      write("events/" + name + "/trigger", "hist:keys=common_pid:vals=size" + std::string(place.filter));
    }
  } catch (...) {
    remove();
    throw;
  }
}

Bytes::~Bytes() { remove(); }

void Bytes::write(const std::string& file, const std::string& text) const {
  if (const int error = append(kTracing + file, text))
    throw std::runtime_error(fmt::format("{} to {}: {}", text, file, std::strerror(error)));
}

void Bytes::remove() {
  for (const Probe& probe : probes_) {
    append(kTracing + ("events/" + probe.event + "/trigger"), "!hist:keys=common_pid:vals=size");
    append(std::string(kTracing) + "kprobe_events", "-:" + probe.event);
  }
  probes_.clear();
}

std::map<std::string, double> Bytes::all(const std::function<void()>& work, unsigned rounds) const {
  std::map<std::string, double> counters;
  elsewhere([&] {
    for (const Probe& probe : probes_) write("events/" + probe.event + "/trigger", "hist:keys=common_pid:vals=size:clear");
  });
  for (unsigned round = 0; round < rounds; ++round) work();
  elsewhere([&] {
    for (const Probe& probe : probes_) {
      // "{ common_pid:       1234 } hitcount:         16  size:      65536"
      std::istringstream lines(test::file_read(kTracing + ("events/" + probe.event + "/hist")));
      double& sum = counters[probe.counter];
      for (std::string line; std::getline(lines, line);) {
        int thread = 0;
        double size = 0;
        if (std::sscanf(line.c_str(), "{ common_pid: %d } hitcount: %*u size: %lf", &thread, &size) == 2 &&
            thread == thread_)
          sum += size;
      }
    }
  });
  return counters;
}

std::map<std::string, double> Bytes::count(const std::function<void()>& work) const {
  // What it takes to ask is the same each time.
  const auto none = all(work, 0);
  auto some = all(work, kWorks);
  for (auto& [counter, bytes] : some) bytes = (bytes - none.at(counter)) / kWorks;
  return some;
}

}  // namespace qtee::bench
