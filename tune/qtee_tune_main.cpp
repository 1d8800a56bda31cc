// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-tune: what a workload asks of the driver's settings.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "clock.hpp"
#include "measure.hpp"
#include "output.hpp"
#include "profile.hpp"
#include "report.hpp"
#include "tool.hpp"
#include "trial.hpp"
#include "watch.hpp"

namespace qtee::tune {
namespace {

constexpr char kTool[] = "qtee-tune";
/// The settings were tried, and reverted.
constexpr int kReverted = 3;

struct TuneOptions : bpf::Options {
  bool verify = false;
  bool apply = false;
  bool list = false;
  bool restore = false;
  unsigned rounds = 6;
  std::string profile;
  std::vector<std::string> set;
  std::string modules;
  std::string modprobe, overlay, save;

  bool given() const { return !profile.empty() || !set.empty(); }
};

void file_write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw bpf::ToolError(fmt::format("{}: {}", path, std::strerror(errno)));
  bpf::remark_write(kTool, "written: " + path);
}

class Tune final {
 public:
  explicit Tune(const TuneOptions& options) : options_(options), report_(options.json) {}

  int run() {
    if (options_.list) return list();
    restore();
    if (options_.restore) return 0;
    Settings wanted;
    std::string title = "Proposed by qtee-tune";
    int status = 0;
    if (options_.given()) {
      wanted = given(title);
    } else {
      bpf::Options watched = options_;
      const Observation seen = watch(watched, options_.verify, status);
      const std::vector<Proposal> proposals = propose(seen);
      report_.observation(seen);
      report_.proposals(seen, proposals);
      wanted = proposed_settings(proposals);
      lost_ = seen.lost;
    }
    status = use(wanted, title, status);
    end();
    return status;
  }

 private:
  int list() const {
    for (const Profile& profile : profiles_list()) {
      if (options_.json) {
        bpf::Json line = bpf::json_line(kTool, "profile", bpf::clock_now());
        line.update({{"name", profile.name}, {"description", profile.description}});
        bpf::json_write(line);
      } else {
        bpf::line_write(fmt::format("{}: {}", profile.name, profile.description));
      }
    }
    return 0;
  }

  /// What one that was killed has left is put back, whatever this one is for. Who tries settings goes on with the
  /// journal.
  void restore() {
    const bool tries = options_.verify || options_.apply || options_.restore;
    std::error_code error;
    if (!tries && std::filesystem::file_size(Journal::kPath, error) == 0) return;
    if (!tries && error) return;
    try {
      journal_.emplace();
      const std::string done = trial_restore(*journal_);
      if (!done.empty()) bpf::remark_write(kTool, done);
      if (done.empty() && options_.restore) bpf::remark_write(kTool, "nothing is left of a trial");
    } catch (const bpf::ToolError& why) {
      if (tries) throw;
      bpf::remark_write(kTool, why.what());
    }
    if (!tries) journal_.reset();
  }

  /// What is asked for by --profile and --set.
  Settings given(std::string& title) const {
    Settings wanted;
    if (!options_.profile.empty()) {
      Profile profile = profile_load(options_.profile);
      wanted = std::move(profile.settings);
      title = "Profile " + profile.name;
      if (!options_.json && !profile.description.empty())
        bpf::line_write(fmt::format("{}: {}", profile.name, profile.description));
    }
    for (const std::string& text : options_.set) settings_add(wanted, text);
    return wanted;
  }

  /// Tries them or applies them, where that is asked for, and writes what is in use then.
  int use(const Settings& wanted, const std::string& title, int status) {
    if (options_.verify || options_.apply) {
      Trial trial(wanted, options_.modules, *journal_);
      if (options_.verify) {
        report_.settings(trial.before(), trial.changes(), "to try");
        if (trial.how() != Trial::How::nothing && !verify(trial)) return kReverted;
      } else {
        trial.apply();
        trial.keep();
        report_.settings(trial.before(), trial.changes(), "applied");
      }
    } else if (options_.given()) {
      const Settings now = Driver().settings();
      report_.settings(now, settings_changed(now, wanted), "would change");
    }
    write(wanted, title);
    return status;
  }

  /// Returns whether they are kept.
  bool verify(Trial& trial) const {
    if (trial.how() == Trial::How::reload) {
      const std::vector<std::string> clients = driver_clients();
      if (!clients.empty())
        throw bpf::ToolError(
            fmt::format("clients of the driver are open: {}; end them first, since the driver has to be "
                        "loaded anew",
                        fmt::join(clients, ", ")));
    }
    bpf::remark_write(kTool, fmt::format("{} rounds of the load before, and {} after; Ctrl-C leaves all as it was",
                                         options_.rounds, options_.rounds));
    // Both begin with the same: else what idle buffers there happen to be would seem to be the settings' doing.
    trial.renew();
    const std::vector<Round> before = measure(options_, options_.rounds);
    trial.apply();
    bpf::remark_write(kTool, trial.how() == Trial::How::reload ? "the driver was loaded anew with the settings"
                                                               : "the settings are in use");
    const std::vector<Round> after = measure(options_, options_.rounds);
    std::vector<Compared> all;
    for (const Measure& measure : measures(before, after)) all.push_back(compare(measure));
    if (all.empty() || all.front().measure.name != "kernel_instructions")
      bpf::remark_write(kTool, "this machine does not count the kernel's instructions; times and misses decide");
    const Verdict verdict = judge(all);
    // First, so that what is said is so.
    verdict.keep ? trial.keep() : trial.revert();
    report_.comparison(all);
    report_.verdict(verdict);
    return verdict.keep;
  }

  void write(const Settings& wanted, const std::string& title) const {
    if (wanted.empty() && !(options_.modprobe + options_.overlay + options_.save).empty())
      bpf::remark_write(kTool, "there are no settings to write");
    if (wanted.empty()) return;
    if (!options_.modprobe.empty()) file_write(options_.modprobe, modprobe_format(wanted, title));
    if (!options_.overlay.empty()) {
      file_write(options_.overlay, overlay_format(wanted, title));
      for (const std::string& name : settings_without_property(wanted))
        bpf::remark_write(kTool, fmt::format("{} is no property of the device tree; it is a comment there", name));
    }
    if (!options_.save.empty()) {
      const std::filesystem::path path = options_.save;
      file_write(path, profile_format({path.stem(), title + ".", wanted}));
    }
  }

  void end() const {
    if (!options_.json) return;
    bpf::Json line = bpf::json_line(kTool, "end", bpf::clock_now());
    line.update({{"lost", lost_}});
    bpf::json_write(line);
  }

  const TuneOptions& options_;
  const Report report_;
  std::uint64_t lost_ = 0;
  std::optional<Journal> journal_;
};

void options_check(const TuneOptions& options) {
  if (options.restore &&
      (options.verify || options.apply || options.given() || options.list || !options.command.empty()))
    throw CLI::ValidationError("--restore is without other things to do");
  if (options.verify && options.command.empty())
    throw CLI::ValidationError("--verify takes the load, a command behind --, which it runs again and again");
  if (options.verify && options.apply)
    throw CLI::ValidationError("--verify applies what it keeps; --apply is without it");
  try {
    Settings wanted;
    for (const std::string& text : options.set) settings_add(wanted, text);
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError(error.what());
  }
  if (options.given() && !options.verify && !options.command.empty())
    throw CLI::ValidationError("a command is run to be watched, or with --verify; --profile and --set need neither");
}

}  // namespace
}  // namespace qtee::tune

int main(int argc, char** argv) {
  using namespace qtee::tune;
  TuneOptions options;
  CLI::App app(
      "Watches what is asked of the QTEE driver, and proposes its settings; tries them, and keeps what is better.",
      kTool);
  qtee::bpf::option_add_duration(app, "-d,--duration", options.duration,
                                 "Watch for this time (20ms, 1.5s, 10: seconds)");
  app.add_flag("--verify", options.verify, "Try the settings: measure the command before and after, keep or revert");
  app.add_option("--rounds", options.rounds, "So often before and so often after [6]")
      ->check(CLI::Range(kRoundsLeast, 100u))
      ->type_name("N");
  app.add_flag("--apply", options.apply, "Have the settings in use, without a trial");
  app.add_flag("--restore", options.restore, "Put back what one that was killed has left, and end");
  app.add_option("--profile", options.profile,
                 "Take these settings instead of watching: a name, or a file with a slash")
      ->type_name("NAME");
  app.add_flag("--profiles", options.list, "List the profiles that there are");
  app.add_option("--set", options.set, "Take this setting, instead of watching or besides --profile")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--modprobe", options.modprobe, "Write the settings as options of modprobe")->type_name("FILE");
  app.add_option("--dts", options.overlay, "Write them as an overlay of the device tree, in source")->type_name("FILE");
  app.add_option("--save", options.save, "Write them as a profile")->type_name("FILE");
  app.add_option("--modules", options.modules, "Where the driver's .ko files are, to load it anew; else modprobe does")
      ->type_name("FOLDER");
  app.add_flag("-j,--json", options.json, "Lines of JSON on the standard output");
  app.add_flag("--overhead", options.overhead, "Say at the end what the tool's own BPF programs have cost");
  app.add_flag("-v,--verbose", options.verbose, "Show what libbpf says, and the command's output while it is measured");
  app.add_option("command", options.command, "Run this, behind --: what is watched, and measured")
      ->type_name("-- COMMAND [ARG]...");
  app.callback([&options] { options_check(options); });
  return qtee::bpf::tool_main(app, argc, argv, options, [&] { return Tune(options).run(); });
}
