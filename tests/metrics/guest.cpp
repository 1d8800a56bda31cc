// SPDX-License-Identifier: BSD-3-Clause
#include "guest.hpp"

#include <fmt/format.h>

#include <cctype>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace qtee::test {
namespace {

using std::chrono::seconds;

/// Where run() is told of in the shell's output; nothing else there begins so.
constexpr char kMark[] = "\x01";

/// What the unit gives the exporter, as setpriv wants it: "+bpf,+perfmon".
std::string unit_capabilities() {
  std::ifstream unit(QTEE_TREE "/packaging/qtee-exporter.service");
  const std::string key = "AmbientCapabilities=CAP_";
  for (std::string line; std::getline(unit, line);) {
    if (!line.starts_with(key)) continue;
    std::string words = "+" + line.substr(key.size());
    for (std::size_t at; (at = words.find(" CAP_")) != words.npos;) words.replace(at, 5, ",+");
    for (char& c : words) c = static_cast<char>(std::tolower(c));
    return words;
  }
  throw std::runtime_error("packaging/qtee-exporter.service gives no capabilities");
}

std::vector<std::string> words(const std::string& kernel, std::uint16_t port, std::uint16_t second_port) {
  return {QTEE_TREE "/vsoc/run",
          "--kernel",
          kernel,
          "--timeout",
          "400",
          "--forward",
          fmt::format("{}:9761", port),
          "--forward",
          fmt::format("{}:9762", second_port),
          "--",
          "bash"};
}

/// What tests run again and again. Where there is a driver of mainline's qtee-switch takes ours away, and else rmmod.
constexpr char kFunctions[] = R"(
exporter() {
  echo > /tmp/exporter.log
  setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,$1 --ambient-caps=$1 --bounding-set=-all,$1 \
    --no-new-privs qtee-exporter "${@:2}" > /tmp/exporter.log 2>&1 &
}
said() {
  for i in {1..600}; do grep -q "$1" /tmp/exporter.log && return; sleep 0.1; done
  cat /tmp/exporter.log
  return 1
}
mainline() { modprobe -n -q qcomtee; }
driver_unload() {
  if mainline; then qtee-switch mainline || return; fi
  for module in qtee_tee qtee_user qtee_mem qtee; do
    for i in {1..50}; do
      if [ ! -d /sys/module/$module ] || rmmod $module 2> /dev/null; then break; fi
      sleep 0.1
    done
  done
  [ ! -d /sys/module/qtee ]
}
driver_load() {
  if mainline; then qtee-switch qtee /qtee/modules/$QTEE_KERNEL; return; fi
  for module in qtee qtee_mem qtee_user qtee_tee; do
    [ ! -e /qtee/modules/$QTEE_KERNEL/$module.ko ] || insmod /qtee/modules/$QTEE_KERNEL/$module.ko || return
  done
})";

}  // namespace

Guest::Guest(const std::string& kernel, std::uint16_t port, std::uint16_t second_port)
    : process_(words(kernel, port, second_port), "\n") {
  process_.keep_input_open();
  run(kFunctions, seconds(240));
}

std::string Guest::run(const std::string& command, seconds limit) {
  const std::string begin = fmt::format("{}begin {}\n", kMark, ++commands_),
                    end = fmt::format("{}end {} ", kMark, commands_);
  // Both marks are made in the shell, so that no echo of the command is one.
  process_.send(fmt::format("printf '\\1begin {0}\\n'; {{ {1}\n}} 2>&1 < /dev/null; printf '\\1end {0} %d.\\n' $?\n",
                            commands_, command));
  if (!process_.wait_for(end, limit))
    throw std::runtime_error(
        fmt::format("{}: does not end: {}", command, process_.so_far().out + process_.so_far().err));
  process_.wait_for(fmt::format("{}0.\n", end), seconds(1));  // the rest of that line
  const std::string& all = process_.so_far().out;
  const std::size_t from = all.find(begin) + begin.size(), to = all.find(end);
  const std::string out = all.substr(from, to - from), status = all.substr(to + end.size());
  if (!status.starts_with("0.")) throw std::runtime_error(fmt::format("{}: failed with {}: {}", command, status, out));
  return out;
}

void Guest::exporter_start() {
  run(fmt::format("exporter {} --listen 0.0.0.0:9761; said 'Ctrl-C' && said 'attached to the driver'",
                  unit_capabilities()));
}

void Guest::exporter_kill() { run("pkill -9 -x qtee-exporter; wait"); }

// qtee-switch takes no driver away from programs that use it: the exporter lets go by itself.
void Guest::driver_unload() { run("driver_unload"); }

void Guest::driver_load() { run("driver_load"); }

vsoc::test::Outcome Guest::end() {
  process_.send("exit\n");
  return process_.wait(seconds(60));
}

}  // namespace qtee::test
