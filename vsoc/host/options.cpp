// SPDX-License-Identifier: BSD-3-Clause
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "vsoc/memory_map.hpp"

namespace qtee::vsoc {
namespace {

constexpr char kAbout[] =
    "Boots the virtual SoC, loads a driver and runs COMMAND as root in the guest. Its input, output and exit status\n"
    "are those of this program (128 + N for signal N, 126 and 127 as in a shell).";

constexpr char kNotes[] =
    "In the guest: /qtee is build/guest (its bin/ is in PATH), /qtee/modules/KERNEL our modules, /share the folder.\n"
    "Exit status 124: the time was over. 125: the machine failed: a warning, BUG or panic of the kernel, something\n"
    "left alive in QTEE, the driver could not be loaded or unloaded, no boot. 2: wrong usage.\n"
    "QTEE_LOG=FILE is as --log FILE.";

// What stands before and behind the first `mark`; the latter is empty where there is none.
std::pair<std::string, std::string> halves(const std::string& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == text.npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

// All of the text as a number.
template <class Number>
std::optional<Number> number_read(const std::string& text) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

}  // namespace

bool options_read(int argc, char** argv, Options& options, int& status) {
  // The command is not ours to parse.
  int split = 1;
  while (split < argc && std::strcmp(argv[split], "--") != 0) ++split;
  for (int i = split + 1; i < argc; ++i) options.command.emplace_back(argv[i]);

  options.cpu = kCpuModel;
  if (const char* log = std::getenv("QTEE_LOG")) options.log = log;
  bool no_leak_check = false, dt_node = false;
  std::vector<std::string> dt_properties, forwards;
  CLI::App app(kAbout, "vsoc/run");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.usage("usage: vsoc/run [OPTIONS] -- COMMAND [ARG...]");
  app.footer(kNotes);
  app.add_option(
         "--kernel", options.kernel,
         "debian: the newest for trixie; lts: trixie's own; 16k, rt: debian with pages of 16 KiB, with PREEMPT_RT; "
         "qcom: as Qualcomm's platforms are configured; debug: the same, looking for defects (KASAN, lockdep, kmemleak "
         "and more)")
      ->check(CLI::IsMember({"debian", "lts", "16k", "rt", "qcom", "debug"}))
      ->capture_default_str();
  app.add_option("--driver", options.driver, "what to load before the command")
      ->check(CLI::IsMember({"qtee", "mainline", "none"}))
      ->capture_default_str();
  app.add_flag("--tools", options.tools, "have bpftrace and perf in the guest; vsoc/setup guest-tools makes them");
  app.add_flag("--icount", options.icount, "count instructions exactly; CPUs run one after another");
  app.add_option("--smp", options.smp, "CPUs")->check(CLI::Range(1u, kMaxCpus))->capture_default_str();
  app.add_option("--share", options.share, "a folder of this machine at /share, writable")
      ->check(CLI::ExistingDirectory);
  const CLI::Option* timeout = app.add_option("--timeout", options.timeout_seconds,
                                              "seconds for the whole run, 0 for no end; debug has more by default")
                                   ->capture_default_str();
  app.add_flag("--verbose", options.verbose, "show the consoles of kernel and firmware while it runs, on stderr");
  app.add_flag("--shell", options.terminal, "give the command a terminal; without a command, a shell");
  app.add_flag("--no-leak-check", no_leak_check,
               "do not fail for what is left alive in QTEE, nor look for leaks of the kernel");
  app.add_option("--module-param", options.parameters, "MODULE.NAME=VALUE for a module that is loaded")->take_all();
  app.add_option("--env", options.environment, "NAME=VALUE for the command")->take_all();
  app.add_flag("--dt-node", dt_node, "have a node for our driver in the device tree: docs/devicetree/qcom,qtee.yaml");
  app.add_option("--dt-property", dt_properties, "NAME=NUMBER, a 32-bit property of that node, which it implies")
      ->take_all();
  app.add_option("--forward", forwards,
                 "HOST:GUEST, TCP ports: connections to the former at 127.0.0.1 reach the latter in the guest")
      ->take_all();
  app.add_option("--append", options.append, "more arguments for the kernel");
  app.add_option("--qemu", options.qemu,
                 "one more argument for QEMU, as --qemu=-qmp --qemu=unix:DIR/qmp,server=on,wait=off; of this machine's "
                 "files it sees the folder of --share, under its own name")
      ->take_all();
  app.add_option("--cpu", options.cpu, "QEMU's CPU model")->capture_default_str();
  app.add_option("--memory", options.memory_mib, "MiB of RAM")->check(CLI::Range(256u, 16384u))->capture_default_str();
  app.add_option("--log", options.log, "keep the whole log in this file");
  try {
    app.parse(split, argv);
  } catch (const CLI::ParseError& error) {
    status = app.exit(error) == 0 ? 0 : kStatusUsage;
    return false;
  }
  options.leak_check = !no_leak_check;
  if (timeout->empty()) options.timeout_seconds *= options.slowness();
  const auto complain = [&](const std::string& what) {
    std::cerr << "vsoc/run: " << what << "\n";
    status = kStatusUsage;
    return false;
  };
  if (options.command.empty()) {
    if (!options.terminal) return complain("no command; see vsoc/run --help");
    options.command = {"bash", "-l"};
  }
  if (options.driver == "mainline" && options.kernel == "lts") return complain("the lts kernel has no mainline driver");
  for (const std::string& parameter : options.parameters)
    if (parameter.find('.') >= parameter.find('='))
      return complain("--module-param takes MODULE.NAME=VALUE, not " + parameter);
  for (const std::string& entry : options.environment)
    if (entry.find('=') == entry.npos) return complain("--env takes NAME=VALUE, not " + entry);
  if (dt_node || !dt_properties.empty()) options.node.emplace();
  for (const std::string& property : dt_properties) {
    const auto [name, number] = halves(property, '=');
    const auto value = number_read<std::uint32_t>(number);
    if (name.empty() || !value) return complain("--dt-property takes NAME=NUMBER, not " + property);
    options.node->properties.emplace_back(name, *value);
  }
  for (const std::string& forward : forwards) {
    const auto [host, guest] = halves(forward, ':');
    const auto from = number_read<std::uint16_t>(host), to = number_read<std::uint16_t>(guest);
    if (!from || !to || *from == 0 || *to == 0)
      return complain("--forward takes HOST:GUEST, two ports, not " + forward);
    options.forwards.emplace_back(*from, *to);
  }
  if (!forwards.empty() && (options.kernel == "qcom" || options.kernel == "debug"))
    return complain("the " + options.kernel + " kernel has no network device, so nothing can be forwarded");
  if (!options.share.empty()) options.share = std::filesystem::canonical(options.share);
  if (options.share.find(',') != options.share.npos)
    return complain("QEMU cannot share a folder with a comma in its path");
  return true;
}

}  // namespace qtee::vsoc
