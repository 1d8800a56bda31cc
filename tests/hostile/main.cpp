// SPDX-License-Identifier: BSD-3-Clause
//
// A user who means harm, for a given time. What is asked of the driver: that everything ends in an error or in an
// answer, that honest clients are served afterwards, and that nothing is left alive. That the kernel did not complain
// is for vsoc/run to see.
#include <fcntl.h>
#include <misc/qcom_tee.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "actors.hpp"
#include "qtee/file_descriptor.hpp"
#include "qtee/invocation.hpp"
#include "qtee/memory_object.hpp"
#include "qtee/message_buffer.hpp"
#include "tee.hpp"
#include "vsoc_service.hpp"

namespace {

using namespace qtee::hostile;
using qtee::FileDescriptor;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kServers = 3;

class ServerFds {
 public:
  explicit ServerFds(int flags) {
    for (int& fd : fds_) {
      fd = open("/dev/qtee-ree", O_RDWR | O_CLOEXEC | flags);
      if (fd < 0) throw std::system_error(errno, std::generic_category(), "/dev/qtee-ree");
      // Requests are lost on purpose; nobody waits for ever.
      qcom_tee_server_arg set{200, 0};
      qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(&set), sizeof set};
      if (ioctl(fd, QCOM_TEE_IOCTL_SERVER, &data) != 0)
        throw std::system_error(errno, std::generic_category(), "SERVER");
    }
  }
  ~ServerFds() {
    for (const int fd : fds_) close(fd);
  }
  const std::array<int, kServers>& get() const { return fds_; }

 private:
  std::array<int, kServers> fds_;
};

// All actors of one process, until the time is over or somebody kills it. Where nobody will, `flags` of its servers are
// O_NONBLOCK: a request that poll() told of may be taken by another thread, or time out, and then be the last one.
std::pair<std::uint64_t, std::uint64_t> harm(int root, int service, std::uint64_t seed, int clients, seconds time,
                                             int flags) {
  Pages pages;
  ServerFds servers(flags);
  std::vector<int> ours{root, service};
  ours.insert(ours.end(), servers.get().begin(), servers.get().end());
  const qtee::MessageBuffer buffers[] = {qtee::MessageBuffer::allocate(4096), qtee::MessageBuffer::allocate(100'000)};
  for (const qtee::MessageBuffer& buffer : buffers) ours.push_back(buffer.fd());
  const auto memory = qtee::MemoryObject::allocate(65536);
  ours.push_back(memory.fd());
  Descriptors descriptors(ours);
  World world{pages, descriptors, root, service, servers.get(), {buffers[0].fd(), buffers[1].fd()}};

  std::vector<std::thread> threads;
  for (int i = 0; i < kServers; i++)
    threads.emplace_back(
        [&, i] { act_as_server(world, seed * 131 + static_cast<std::uint64_t>(i), servers.get()[i]); });
  // Two on one server.
  threads.emplace_back([&] { act_as_server(world, seed * 131 + 77, servers.get()[0]); });
  for (int i = 0; i < clients; i++)
    threads.emplace_back([&, i] { act_as_client(world, seed * 977 + static_cast<std::uint64_t>(i)); });

  threads.emplace_back([&] { act_as_owner(world, seed * 53); });

  Random random(seed);
  for (const auto end = steady_clock::now() + time; steady_clock::now() < end;) {
    pages.disturb(random);
    descriptors.disturb(random);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
  }
  world.stop = true;
  for (std::thread& thread : threads) thread.join();
  return {world.calls.load(), world.successes.load()};
}

std::size_t open_fds() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) count++;
  return count;
}

// Everything that others held is gone, and an honest client is served.
bool clean(const qtee::vsoc::Service& service, const qtee::vsoc::Report& before) {
  service.object().call(qtee::vsoc::Op::drop, std::uint32_t{0xFFFFFFFF});
  const auto same = [&](const qtee::vsoc::Report& now) {
    return now.tee_objects == before.tee_objects && now.tee_references == before.tee_references &&
           now.ns_ids == before.ns_ids && now.mappings == before.mappings && now.calls_in_flight == 0;
  };
  const auto now = service.report_until(same, seconds(20));
  fmt::print(
      "alive: {} TEE objects (before {}), {} references ({}), {} callback ids ({}), {} mappings ({}), {} calls, "
      "{} faults\n",
      now.tee_objects, before.tee_objects, now.tee_references, before.tee_references, now.ns_ids, before.ns_ids,
      now.mappings, before.mappings, now.calls_in_flight, now.faults);
  const auto echoed = service.object().call<std::uint64_t>(qtee::vsoc::Op::echo, std::uint64_t{0x1234567887654321});
  return same(now) && now.faults == before.faults && echoed == 0x1234567887654321;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"A user who means harm: random and structured ioctls from many threads and dying processes."};
  int time = 20, clients = 4;
  std::uint64_t seed = 1;
  bool through_tee = false;
  app.add_flag("--tee", through_tee, "through /dev/teeN");
  app.add_option("--seconds", time, "how long")->capture_default_str();
  app.add_option("--clients", clients, "threads that invoke, in each process")->capture_default_str();
  app.add_option("--seed", seed, "of all that is random")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  // Half the time in one process that lives, half in processes that are killed in the middle of it.
  const std::size_t fds = open_fds();
  bool ok = true;
  {
    const auto root = qtee::Root::open();
    const auto service = qtee::vsoc::Service::open(root);
    const auto before = service.report();

    // One open of /dev/teeN is everybody's.
    FileDescriptor shared(through_tee ? tee_open() : -1);
    const auto run = [&](std::uint64_t own_seed, seconds time, int flags) {
      return through_tee ? tee_harm(shared.get(), own_seed, clients, time)
                         : harm(root.object().fd(), service.object().fd(), own_seed, clients, time, flags);
    };
    const auto [calls, successes] = run(seed, seconds(time / 2), O_NONBLOCK);
    shared = FileDescriptor(through_tee ? tee_open() : -1);
    fmt::print("one process: {} calls, {} invocations with result 0\n", calls, successes);
    ok &= successes > 0;
    ok &= clean(service, before);

    Random random(seed);
    int killed = 0;
    for (const auto end = steady_clock::now() + seconds(time - time / 2); steady_clock::now() < end; killed++) {
      fflush(stdout);
      const pid_t child = fork();
      if (child == 0) {
        run(seed + 1000 + static_cast<std::uint64_t>(killed), seconds(60), 0);
        _exit(0);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 400));
      kill(child, SIGKILL);
      int status = 0;
      waitpid(child, &status, 0);
      ok &= WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    fmt::print("{} processes killed\n", killed);
    shared.reset();
    ok &= killed > 0;
    ok &= clean(service, before);
  }
  if (open_fds() != fds) {
    fmt::print("{} fds open, {} before\n", open_fds(), fds);
    ok = false;
  }
  fmt::print("{}\n", ok ? "unharmed" : "HARMED");
  return ok ? 0 : 1;
}
