// SPDX-License-Identifier: BSD-3-Clause
//
// What settings and ways of passing data cost, in kernel instructions of the caller: the figures of docs/tuning.md.
//
//     vsoc/run --icount -- bench_settings
//     vsoc/run --icount --module-param qtee.transport=direct -- bench_settings
#include <fmt/core.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "alive.hpp"
#include "common/counter.hpp"
#include "file.hpp"
#include "parameter.hpp"
#include "pinned.hpp"
#include "qtee/qtee.hpp"
#include "raw.hpp"
#include "vsoc_service.hpp"

namespace {

using namespace qtee;
using test::Parameter;
using test::RawInvoke;
using vsoc::Op;

class Settings {
 public:
  void run() {
    head();
    pairs();
    copies();
    classes();
    memory();
  }

 private:
  void head() const {
    utsname kernel{};
    ::uname(&kernel);
    const char* cpu = std::getenv("QTEE_CPU");
    fmt::print("machine: virtual SoC, {}; kernel {}; transport {}\n\n", cpu != nullptr ? cpu : "CPU unknown",
               kernel.release, test::file_read(test::driver_folder() + "objects/transport"));
    fmt::print("| what | kernel instructions |\n| --- | ---: |\n");
  }

  static void row(const std::string& what, std::uint64_t count) { fmt::print("| {} | {} |\n", what, count); }

  std::uint64_t count(RawInvoke& call, const std::function<void()>& before = {}, int rounds = 15) {
    const int fd = service_.object().fd();
    return instructions_.count(
        [&] {
          if (const int error = call.invoke(fd)) throw std::system_error(error, std::generic_category(), "invoke");
        },
        before, rounds);
  }

  // The median: what making a buffer takes is the page allocator's matter, and chance.
  std::uint64_t median(RawInvoke& call, const std::function<void()>& before) {
    std::vector<std::uint64_t> counts(31);
    for (std::uint64_t& once : counts) once = count(call, before, 1);
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
    std::ranges::nth_element(counts, middle);
    return *middle;
  }

  void pairs() {
    RawInvoke null(static_cast<std::uint32_t>(Op::null), 0);
    row("no arguments", count(null));
    const Parameter none("messages_per_cpu", 0);
    row("no arguments, `messages_per_cpu=0`: a spare pair", count(null));
    // The releases of TEE objects hold one.
    const Parameter spare("messages_spare", 0);
    row("no arguments, and `messages_spare=0`: a pair is made", median(null, drop));
  }

  // One input and one output, copied.
  RawInvoke echo(std::size_t in, std::size_t out) {
    return RawInvoke(static_cast<std::uint32_t>(Op::echo),
                     {test::param_in(in_.data(), in), test::param_out(out_.data(), out)});
  }

  void copies() {
    for (const std::size_t size : {64u, 1024u, 4096u, 16384u}) {
      RawInvoke call = echo(size, size);
      row(fmt::format("{} B in and out", size), count(call));
    }
    RawInvoke copied = echo(65536, 65536);
    row("64 KiB in and out", count(copied));
    const MessageBuffer buffer = MessageBuffer::allocate(128 << 10);
    RawInvoke placed(static_cast<std::uint32_t>(Op::echo), {test::param_placed(buffer.fd(), true, 0, 65536),
                                                            test::param_placed(buffer.fd(), false, 65536, 65536)});
    row("64 KiB in and out, in place", count(placed));
  }

  // QTEE gives memory back, and a worker does: what is counted is the call's making it anew.
  static void drop() {
    test::file_write("/proc/sys/vm/drop_caches", "2");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }

  void classes() {
    for (const std::size_t size : {100'000u, 1'000'000u}) {
      RawInvoke call(static_cast<std::uint32_t>(Op::mirror), {test::param_in(in_.data(), size)});
      const auto warm = count(call);
      row(fmt::format("{} B in, buffer of a class that is warm", size), warm);
      row(fmt::format("{} B in, buffer of a class that is made", size), median(call, drop));
      if (size > 200'000) continue;
      const Parameter larger("message_in_kib", 128);
      // The pairs that there are go, and new ones are this large.
      drop();
      row(fmt::format("{} B in, `message_in_kib=128`", size), count(call));
      const Parameter cleared("message_retain", 0);
      row(fmt::format("{} B in, `message_in_kib=128` and `message_retain=0`: cleared", size), count(call));
    }
  }

  // A memory object that QTEE maps and sums up.
  RawInvoke checksum(const MemoryObject& memory) {
    return RawInvoke(static_cast<std::uint32_t>(Op::checksum),
                     {test::param_in(&kRange, sizeof kRange), test::param_out(&sum_, sizeof sum_),
                      test::param_object(memory.fd(), QCOM_TEE_MEMORY_OBJECT)});
  }

  void memory() {
    const auto own = MemoryObject::allocate(1 << 20);
    RawInvoke call = checksum(own);
    row("1 MiB memory object of ALLOC, passed and mapped", count(call));
    {
      const Parameter ask("mapping_ahead", 0);
      row("the same, `mapping_ahead=N`", count(call));
    }
    const auto other = MemoryObject::from_huge_page(1 << 20);
    RawInvoke imported = checksum(other);
    row("1 MiB dma-buf of another exporter, passed again", count(imported));
    const Parameter idle("memory_idle_ms", 0, "qtee_mem");
    row("the same, `memory_idle_ms=0`: mapped anew", count(imported, [this] {
          service_.null();
          std::this_thread::sleep_for(std::chrono::milliseconds(300));
        }));
  }

  static constexpr vsoc::RangeRequest kRange{0, 4096};

  Root root_ = Root::open();
  vsoc::Service service_ = vsoc::Service::open(root_);
  test::Pinned pinned_;
  bench::Counter instructions_ = bench::Counter::kernel_instructions();
  Parameter trim_{"trim_ms", 3'600'000};
  std::vector<std::byte> in_ = std::vector<std::byte>(1 << 20, std::byte{7});
  std::vector<std::byte> out_ = std::vector<std::byte>(1 << 20, std::byte{1});
  std::uint64_t sum_ = 0;
};

}  // namespace

int main() {
  try {
    Settings().run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_settings: {}\n", error.what());
    return 1;
  }
}
