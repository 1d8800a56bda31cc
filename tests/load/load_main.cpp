// SPDX-License-Identifier: BSD-3-Clause
//
// Invokes the virtual SoC's private service as its options say, so that somebody who watches knows what there is to
// see.
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <future>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "alive.hpp"
#include "file.hpp"
#include "qtee/qtee.hpp"
#include "raw.hpp"
#include "vsoc_service.hpp"

namespace {

using namespace qtee;
using vsoc::ArmKind;
using vsoc::Op;

constexpr char kAbout[] =
    "Invokes the virtual SoC's private service: each option is so many invocations of one kind, in the order below.\n"
    "With --threads each thread makes those of --null, --work, --callback, --echo and --large, and waits for the "
    "others.\n"
    "Operations: 0 null, 1 echo, 3 fail, 4 work, 5 fill, 7 nest, 8 callback, 12 create, 14 arm, 15 lie.\n"
    "Threads that serve callbacks are called load-server.";

// What the driver is asked for in a load; counts are of invocations unless they say otherwise.
struct Load {
  unsigned memory = 0;
  unsigned null = 0;
  unsigned work = 0, work_ms = 5;
  unsigned callback = 0, callback_ms = 5, repeat = 1;
  unsigned nest = 0;  // depth
  unsigned echo = 0, bytes = 64;
  unsigned large = 0, large_bytes = 1 << 20;
  unsigned threads = 1, server_threads = 1;
  unsigned times = 1, pause_ms = 0;
  unsigned fail = 0;
  int result = 1;
  unsigned efault = 0;
  unsigned unanswered = 0;
  unsigned busy = 0, interrupted = 0;  // answers, before that of one invocation
  unsigned create = 0;
  unsigned keep = 0;
  std::string keeper;  // file that gets the id of the process that keeps objects
  unsigned miss = 0;   // of the pool of 2 MiB buffers

  // A callback that invokes needs another thread for what that calls back.
  unsigned server_threads_max() const { return nest != 0 ? 64 : server_threads; }
};

void name_thread(const char* name) { prctl(PR_SET_NAME, name); }

class Loader {
 public:
  explicit Loader(const Load& load) : load_(load) {
    if (load.callback == 0 && load.nest == 0) return;
    name_thread("load-server");
    server_.emplace(CallbackServer::Options{.threads = load.server_threads, .threads_max = load.server_threads_max()});
    name_thread("qtee-load");
  }

  void run() {
    repeat(load_.memory, [&] {
      MemoryObject memory = MemoryObject::from_huge_page(8192);
      service_.fill(memory, {0, 8192, 1});
      if (load_.keep != 0) memories_.push_back(std::move(memory));
    });
    for (unsigned i = 0; i < load_.times; ++i) {
      if (i != 0) std::this_thread::sleep_for(std::chrono::milliseconds(load_.pause_ms));
      in_threads();
    }
    if (server_) wait_released();
    server_.reset();
    repeat(load_.fail, [&] { (void)object().try_call(Op::fail, load_.result); });
    repeat(load_.efault, [&] {
      test::RawInvoke call(static_cast<std::uint32_t>(Op::echo), {test::param_in(reinterpret_cast<void*>(16), 8)});
      if (call.invoke(object().fd()) != EFAULT) throw std::runtime_error("an invocation without memory did not fail");
    });
    repeat(load_.unanswered, [&] {
      (void)object().try_call(Op::lie,
                              vsoc::LieRequest{static_cast<std::uint32_t>(vsoc::LieKind::cb_unknown_id), 1, 0});
    });
    retry(ArmKind::busy, load_.busy);
    retry(ArmKind::interrupted, load_.interrupted);
    repeat(load_.create, [&] { service_.create(); });
    repeat(load_.miss, [&] { miss_pool(); });
    keep();
  }

 private:
  template <class Work>
  static void repeat(unsigned count, const Work& work) {
    for (unsigned i = 0; i < count; ++i) work();
  }

  const Object& object() const { return service_.object(); }

  void in_threads() {
    if (load_.threads < 2) return in_thread();
    std::latch ready(load_.threads);
    std::vector<std::future<void>> threads;
    for (unsigned i = 0; i < load_.threads; ++i)
      threads.push_back(std::async(std::launch::async, [&] {
        ready.arrive_and_wait();
        in_thread();
      }));
    for (std::future<void>& thread : threads) thread.get();
  }

  void in_thread() {
    repeat(load_.null, [&] { service_.null(); });
    const std::uint64_t work_ns = load_.work_ms * std::uint64_t{1'000'000};
    repeat(load_.work, [&] { object().call(Op::work, work_ns); });
    call_back();
    std::vector<std::byte> bytes(load_.bytes), answer(load_.bytes);
    repeat(load_.echo, [&] {
      Output output(answer);
      object().call(Op::echo, bytes, output);
    });
    if (load_.large == 0) return;
    const std::vector<std::byte> large(load_.large_bytes);
    repeat(load_.large, [&] { object().call(Op::mirror, large); });
  }

  void call_back() {
    if (!server_) return;
    CallbackObject own;
    own = server_->add([&](CallbackRequest& request) {
      if (request.op() == OpCode(vsoc::kNestOp) && request.input_object_count() == 1) {
        const Object service = request.take_object<Object>(0);
        request.set_output(0, service.call<std::uint32_t>(Op::nest, request.input<std::uint32_t>(0), own));
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(load_.callback_ms));
      }
      return Result::ok;
    });
    repeat(load_.callback, [&] { object().call(Op::callback, vsoc::CallbackRequest{7, load_.repeat}, own); });
    if (load_.nest != 0) object().call<std::uint32_t>(Op::nest, load_.nest, own);
    if (load_.threads < 2) wait_released();
  }

  // QTEE tells of its releases with answers.
  void wait_released() {
    for (int i = 0; i < 400 && server_->references() != 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      if (server_->references() != 0) service_.report();
    }
  }

  // One invocation, which QTEE first answers so often in that way.
  void retry(ArmKind kind, unsigned count) {
    if (count == 0) return;
    service_.arm(kind, count);
    service_.null();
  }

  void miss_pool() {
    for (int i = 0; i < 1000 && test::driver_number("pools/2048k/count") != 0; ++i) {
      test::file_write("/proc/sys/vm/drop_caches", "2");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const std::vector<std::byte> input(std::size_t{1} << 20);
    object().call(Op::mirror, input);
  }

  // Objects, and memory, that outlive this process in another, which ends when it is killed.
  void keep() {
    if (load_.keep == 0) return;
    std::vector<Object> kept;
    for (int i = 0; i < 1000 && test::driver_number("objects/releases_pending") != 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    repeat(load_.keep, [&] { kept.push_back(service_.create()); });
    const pid_t keeper = fork();
    if (keeper < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (keeper == 0) {
      name_thread("load-keeper");
      for (int fd = 0; fd < 3; ++fd) close(fd);  // whoever waits for the end of our output must not wait for this one
      for (;;) pause();
    }
    std::ofstream(load_.keeper) << keeper << "\n";
  }

  Load load_;
  std::vector<MemoryObject> memories_;
  vsoc::Service service_ = vsoc::Service::open(Root::open());
  std::optional<CallbackServer> server_;
};

}  // namespace

int main(int argc, char** argv) {
  Load load;
  CLI::App app(kAbout, "qtee-load");
  app.add_option("--memory", load.memory, "Map a dma-buf of 8 KiB, and fill it");
  app.add_option("--null", load.null, "Do nothing");
  app.add_option("--work", load.work, "Stay in the secure world");
  app.add_option("--work-ms", load.work_ms, "... so long")->capture_default_str();
  app.add_option("--callback", load.callback, "Be called back: operation 7, by a server that sleeps");
  app.add_option("--callback-ms", load.callback_ms, "... so long")->capture_default_str();
  app.add_option("--repeat", load.repeat, "... so often in one invocation")->capture_default_str();
  app.add_option("--nest", load.nest, "One invocation whose callback invokes, whose callback ..., so deep");
  app.add_option("--echo", load.echo, "Send bytes and get them back");
  app.add_option("--bytes", load.bytes, "... so many")->capture_default_str();
  app.add_option("--large", load.large, "Send bytes, and get none back");
  app.add_option("--large-bytes", load.large_bytes, "... so many")->capture_default_str();
  app.add_option("--threads", load.threads, "So many threads at once")->check(CLI::Range(1, 64));
  app.add_option("--server-threads", load.server_threads, "So many serve callbacks")->check(CLI::Range(1, 64));
  app.add_option("--times", load.times, "All of the above so often");
  app.add_option("--pause-ms", load.pause_ms, "... with this in between");
  app.add_option("--fail", load.fail, "Get a result that is no success");
  app.add_option("--result", load.result, "... this one")->capture_default_str();
  app.add_option("--efault", load.efault, "Pass memory that is not there");
  app.add_option("--unanswered", load.unanswered, "Have QTEE call an object that is not there: operation 1");
  app.add_option("--busy", load.busy, "One invocation, first answered EBUSY so often");
  app.add_option("--interrupted", load.interrupted, "One invocation, interrupted so often");
  app.add_option("--create", load.create, "Create an object, and let it go");
  app.add_option("--miss", load.miss, "Need a buffer of 2 MiB that is not there");
  CLI::Option* keep = app.add_option("--keep", load.keep,
                                     "Create an object that a process keeps, as it does dma-bufs, until it is killed");
  keep->needs(app.add_option("--keeper", load.keeper, "File for the id of that process"));
  CLI11_PARSE(app, argc, argv);
  name_thread("qtee-load");
  try {
    Loader(load).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "qtee-load: %s\n", error.what());
    return 1;
  }
  return 0;
}
