// SPDX-License-Identifier: BSD-3-Clause
//
// What a call costs through the TEE subsystem, on mainline's driver and on ours, and through /dev/qtee: the figures of
// docs/compatibility.md. `make bench-tee` runs it on both.
//
//     vsoc/run --icount --share DIR --driver mainline -- bench_fronts --save /share/mainline.json
//     vsoc/run --icount --share DIR -- bench_fronts --beside /share/mainline.json
#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>

#include "front.hpp"
#include "instructions.hpp"
#include "kernel_trace.hpp"
#include "pinned.hpp"
#include "table.hpp"

namespace {

using namespace qtee::bench;
using Work = std::function<void()>;

constexpr unsigned kMore = 16;  // callbacks in one call, but the first

bool mainline() { return ::access("/sys/module/qcomtee", F_OK) == 0; }

class Measurement {
 public:
  Measurement(Front& front, std::string title) : front_(front), column_(std::move(title)) {}

  Column run() {
    for (int i = 0; i < 20; ++i) front_.null();
    instructions("no arguments", [this] { front_.null(); });
    for (const std::size_t size : {64u, 1024u, 4096u, 16384u, 65536u})
      instructions(fmt::format("{} B in and out", size),
                   [this, size] { front_.echo({in_.data(), size}, {out_.data(), size}); });
    instructions("1 MiB in", [this] { front_.send(in_); });
    allocations("no arguments", [this] { front_.null(); });
    allocations("64 B in and out", [this] { front_.echo({in_.data(), 64}, {out_.data(), 64}); });

    const Work create = [this] { front_.create(); }, release = [this] { front_.release(); };
    instructions("release of an object", release, create);
    time("release of an object", release, create);

    const Work one = [this] { front_.call_back(1); }, more = [this] { front_.call_back(1 + kMore); };
    const double one_us = time_of(one), more_us = time_of(more);
    column_.add("callback, round trip: us", (more_us - one_us) / kMore);
    column_.add("callback whose object QTEE then releases: us", one_us);

    const Work map = [this] { front_.map_memory(); };
    instructions("1 MiB memory object, passed and mapped", map);
    time("1 MiB memory object, passed and mapped", map);

    const Work open = [this] { front_.open_objects(); }, close = [this] { front_.close_objects(); };
    time(fmt::format("close of {} objects and their file", Front::kObjects), close, open);
    return column_;
  }

 private:
  void instructions(const std::string& name, const Work& work, const Work& before = {}) {
    column_.add(name + ": instructions", static_cast<double>(instructions_.count(work, before)));
  }

  // Microseconds, the median: of the machine's own time, which --icount has go on with its instructions.
  static double time_of(const Work& work, const Work& before = {}) {
    std::vector<double> times;
    for (int round = 0; round < 15; ++round) {
      if (before) before();
      const auto begin = std::chrono::steady_clock::now();
      work();
      times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
    }
    std::ranges::nth_element(times, times.begin() + 7);
    return times[7];
  }
  void time(const std::string& name, const Work& work, const Work& before = {}) {
    column_.add(name + ": us", time_of(work, before));
  }

  void allocations(const std::string& name, const Work& work) {
    constexpr int kCalls = 100;
    qtee::test::KernelTrace trace({"kmem:kmalloc", "kmem:kmem_cache_alloc", "kmem:mm_page_alloc"});
    work();
    trace.start();
    for (int i = 0; i < kCalls; ++i) work();
    column_.add(name + ": allocations", static_cast<double>(trace.stop().size()) / kCalls);
  }

  Front& front_;
  Column column_;
  qtee::test::Pinned pinned_;
  Instructions instructions_;
  std::vector<std::byte> in_ = std::vector<std::byte>(1 << 20, std::byte{7});
  std::vector<std::byte> out_ = std::vector<std::byte>(1 << 20, std::byte{1});
};

void head_print() {
  utsname kernel{};
  ::uname(&kernel);
  const char* cpu = std::getenv("QTEE_CPU");
  fmt::print("machine: virtual SoC, {}; kernel {}; firmware excluded from instructions\n\n",
             cpu != nullptr ? cpu : "CPU unknown", kernel.release);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"What calls cost through the TEE subsystem, on whichever driver, and through /dev/qtee."};
  std::string save, beside;
  app.add_option("--save", save, "write the figures to this file");
  app.add_option("--beside", beside, "print them beside those of this file");
  CLI11_PARSE(app, argc, argv);
  try {
    head_print();
    std::vector<Column> columns;
    if (!beside.empty()) columns.push_back(Column::load(beside));
    columns.push_back(Measurement(*front_tee(), mainline() ? "mainline" : "ours").run());
    if (!save.empty()) columns.back().save(save);
    if (!mainline()) columns.push_back(Measurement(*front_qtee(), "/dev/qtee").run());
    table_print(columns);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_fronts: {}\n", error.what());
    return 1;
  }
}
