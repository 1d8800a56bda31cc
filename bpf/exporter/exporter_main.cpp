// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-exporter: what the driver does, for Prometheus.
#include <fmt/format.h>
#include <linux/netlink.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <system_error>

#include "collector.hpp"
#include "output.hpp"
#include "watch.hpp"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-exporter";
constexpr std::uint64_t kSecond = 1'000'000'000;
/// Seconds between tries to attach, when one failed.
constexpr unsigned kRetry = 10;

struct ExporterOptions : Options {
  std::string listen = "127.0.0.1:9761";
  Room room;
  bool no_trace = false;
};

/// What the kernel tells of devices and modules that come and go. Just a hint to look: messages may be lost.
FileDescriptor uevents_open() {
  FileDescriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

void uevents_skip(const FileDescriptor& fd) {
  char message[8192];
  while (::recv(fd.get(), message, sizeof message, 0) >= 0 || errno == ENOBUFS) {
  }
}

std::unique_ptr<prometheus::Exposer> exposer_start(const std::string& listen) {
  try {
    return std::make_unique<prometheus::Exposer>(listen);
  } catch (const std::exception& error) {
    const FileDescriptor any(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    throw ToolError(fmt::format(
        "cannot listen on {}: {}", listen,
        !any && errno == EAFNOSUPPORT ? "this kernel has no IPv4" : "no such address, or another program has it"));
  }
}

/// Attaches and lets go while the process lives.
class Follower final {
 public:
  explicit Follower(Watch& watch) : watch_(watch) {}

  /// The first failure is the user's to mend; later ones are told and tried again.
  void first() {
    if (module_loaded("qtee"))
      watch_.update();
    else
      remark_write(kTool, "the driver is not loaded; waiting for it");
  }

  void update() {
    if (pause_ > 0) {
      --pause_;
      return;
    }
    try {
      watch_.update();
    } catch (const ToolError& error) {
      remark_write(kTool, fmt::format("{}; trying again every {} s", error.what(), kRetry));
      pause_ = kRetry;
    }
  }

 private:
  Watch& watch_;
  unsigned pause_ = 0;
};

int serve(ExporterOptions& options) {
  options.interval = kSecond;
  // Threads that come later leave signals to it.
  Loop loop(options);
  std::unique_ptr<Watch> watch;
  if (!options.no_trace) {
    // Now, though there may be no driver yet.
    bpf_require();
    watch = std::make_unique<Watch>(options.room);
  }
  const auto collector = std::make_shared<Collector>(watch.get());
  const auto exposer = exposer_start(options.listen);
  exposer->RegisterCollectable(collector);
  const FileDescriptor uevents = uevents_open();
  if (!watch) {
    remark_write(kTool, fmt::format("http://{}/metrics, without trace events; Ctrl-C ends it", options.listen));
    loop.run([] {});
    return 0;
  }
  Follower follower(*watch);
  follower.first();
  if (uevents)
    loop.watch(uevents.get(), [&] {
      uevents_skip(uevents);
      follower.update();
    });
  remark_write(kTool, fmt::format("http://{}/metrics; Ctrl-C ends it", options.listen));
  loop.run([&] { follower.update(); });
  return 0;
}

}  // namespace
}  // namespace qtee::bpf

int main(int argc, char** argv) {
  using namespace qtee::bpf;
  ExporterOptions options;
  CLI::App app("Metrics of the QTEE driver for Prometheus: latency, callbacks, errors, pools, bridges, memory.",
               "qtee-exporter");
  app.add_option("-l,--listen", options.listen, "Serve /metrics there [127.0.0.1:9761]")->type_name("ADDRESS:PORT");
  app.add_option("--rows", options.room.rows,
                 "Room for so many classes of objects with each of their operations; all others are one [64]")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  app.add_option("--classes", options.room.classes, "Room for so many classes of objects; all others are one [64]")
      ->check(CLI::Range(8, 4096))
      ->type_name("N");
  app.add_flag("--no-trace", options.no_trace,
               "Only what the driver says of itself in sysfs: no BPF, no privilege, no latency");
  app.add_flag("-v,--verbose", options.verbose, "Show what libbpf says");
  return tool_main(app, argc, argv, options, [&] { return serve(options); });
}
