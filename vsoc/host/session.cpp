// SPDX-License-Identifier: BSD-3-Clause
#include "session.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <system_error>

#include "kernel_log.hpp"
#include "outlet.hpp"
#include "vsoc/exit_status.hpp"
#include "vsoc/job.hpp"

namespace qtee::vsoc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPart = 32768;
constexpr std::size_t kShownBefore = 3;
constexpr std::size_t kShown = 120;
constexpr std::size_t kShownTail = 40;
// How long a machine may take to unload and go off, or to write its state after a timeout.
constexpr std::chrono::seconds kOffLimit{30};
constexpr std::chrono::seconds kDumpLimit{3};
// A log that grows beyond this has one line over and over; its start tells more than its end.
constexpr std::size_t kLogLimit = 64 << 20;

// The user's terminal hands every key to the guest's while this lives.
class RawTerminal {
 public:
  explicit RawTerminal(bool wanted) : active_(wanted && tcgetattr(0, &saved_) == 0) {
    if (!active_) return;
    termios raw = saved_;
    cfmakeraw(&raw);
    tcsetattr(0, TCSAFLUSH, &raw);
  }
  ~RawTerminal() {
    if (active_) tcsetattr(0, TCSAFLUSH, &saved_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios saved_;
  const bool active_;
};

// Signals that end the run in an orderly way, and the terminal's change of size.
Fd signals_take() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTTIN, SIG_IGN);  // in the background: no input, rather than a stopped run
  Fd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

class Session {
 public:
  Session(const Options& options, const Pieces& pieces)
      : options_(options), pieces_(pieces), signals_(signals_take()), machine_(options, pieces), input_(in()) {
    if (options.timeout_seconds > 0) deadline_ = Clock::now() + std::chrono::seconds(options.timeout_seconds);
  }

  int run() {
    bool ended = false;
    while (!ended && !ended_by_signal_ && !output_.broken()) {
      std::vector<pollfd> set{{machine_.pidfd(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
      for (const Fd* fd : {&streams().console, &streams().secure, &streams().qemu, &streams().control})
        if (*fd) set.push_back({fd->get(), POLLIN, 0});
      if (streams().out && output_.empty()) set.push_back({streams().out.get(), POLLIN, 0});
      if (streams().err && errors_.empty()) set.push_back({streams().err.get(), POLLIN, 0});
      if (wants_input()) set.push_back({0, POLLIN, 0});
      const std::size_t plain = set.size();
      for (const Outlet* outlet : {&output_, &errors_, &input_}) outlet->poll_add(set);
      if (poll(set.data(), set.size(), wait_ms()) < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");
      ended = set[0].revents != 0;
      if (set[1].revents != 0) take_signals();
      take_all();
      if (wants_input() && set[plain - 1].fd == 0 && set[plain - 1].revents != 0) take_input();
      for (Outlet* outlet : {&output_, &errors_, &input_}) outlet->move();
      if (Clock::now() >= deadline_ && !expire()) break;
    }
    return finish();
  }

 private:
  MachineStreams& streams() { return machine_.streams(); }
  int in() { return machine_.streams().in.get(); }
  bool wants_input() const { return ready_ && !input_ended_ && !status_ && input_.empty(); }

  Clock::duration off_limit() const { return kOffLimit * options_.slowness(); }

  int wait_ms() const {
    if (deadline_ == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000));
  }

  // The deadline is over. Returns whether to go on for a while.
  bool expire() {
    if (status_) {  // it was about to go off
      stuck_ = true;
      return false;
    }
    if (timed_out_) return false;
    timed_out_ = true;
    deadline_ = Clock::now() + kDumpLimit;
    ask(kAskDump);
    return true;
  }

  void ask(const std::string& line) {
    const std::string text = line + "\n";
    [[maybe_unused]] const ssize_t written = write(streams().control.get(), text.data(), text.size());
  }

  void ask_window() {
    winsize size{};
    if (options_.terminal && ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
      ask(fmt::format("{} {} {}", kAskWindow, size.ws_row, size.ws_col));
  }

  void take_signals() {
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGWINCH) {
        if (ready_) ask_window();
      } else {
        ended_by_signal_ = static_cast<int>(info.ssi_signo);
      }
    }
  }

  // What a stream has now; empty where there is nothing. A stream that ended is closed.
  static std::string take(Fd& fd) {
    std::string part;
    if (!fd) return part;
    part.resize(kPart);
    const ssize_t got = read(fd.get(), part.data(), part.size());
    part.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) fd.reset();
    return part;
  }

  void take_log(Fd& fd, std::string& log) {
    const std::string part = take(fd);
    if (log.size() < kLogLimit)
      for (const char c : part)
        if (c != '\r') log += c;
    if (options_.verbose) errors_.put(part);
  }

  // One round over the streams. Returns whether any had something.
  bool take_all() {
    const std::size_t before = console_.size() + secure_.size() + qemu_.size();
    take_log(streams().console, console_);
    take_log(streams().secure, secure_);
    take_log(streams().qemu, qemu_);
    bool some = before != console_.size() + secure_.size() + qemu_.size();
    for (const auto& [fd, outlet] : {std::pair(&streams().out, &output_), std::pair(&streams().err, &errors_)}) {
      if (!outlet->empty()) continue;
      const std::string part = take(*fd);
      some |= !part.empty();
      outlet->put(part);
    }
    const std::string part = take(streams().control);
    some |= !part.empty();
    control_ += part;
    for (std::size_t end; (end = control_.find('\n')) != control_.npos; control_.erase(0, end + 1))
      hear(control_.substr(0, end));
    return some;
  }

  void hear(const std::string& line) {
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space), rest = space == line.npos ? "" : line.substr(space + 1);
    if (word == kSayReady) {
      ready_ = true;
      ask_window();
    } else if (word == kSayExit) {
      int value = 0;
      std::from_chars(rest.data(), rest.data() + rest.size(), value);
      status_ = value;
      // The time for the command is over; going off has its own.
      deadline_ = Clock::now() + off_limit();
    } else if (word == kSayBroken) {
      problems_.push_back(rest);
      deadline_ = std::min(deadline_, Clock::now() + off_limit());
    }
  }

  void take_input() {
    char part[kPart];
    const ssize_t got = read(0, part, sizeof part);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    const auto size = static_cast<std::uint32_t>(std::max<ssize_t>(got, 0));  // an error ends the input, too
    input_ended_ = size == 0;
    input_.put({reinterpret_cast<const char*>(&size), sizeof size});
    input_.put({part, size});
  }

  int finish() {
    if (ended_by_signal_ || timed_out_ || stuck_ || output_.broken()) machine_.kill();
    const int end = machine_.wait();
    while (take_all()) {
      output_.finish();
      errors_.finish();
    }
    output_.finish();
    errors_.finish();
    if (ended_by_signal_) {
      keep_log(false);
      return 128 + *ended_by_signal_;
    }
    if (output_.broken()) return 128 + SIGPIPE;
    if (timed_out_) {
      complain(fmt::format("the time of {} s is over; the end of the kernel's log:", options_.timeout_seconds));
      show(log_tail(console_, kShownTail));
      keep_log(true);
      return kStatusTimeout;
    }
    return judge(end);
  }

  int judge(int end) {
    if (stuck_) problems_.push_back("the machine did not go off after the command had ended");
    const auto complaint = kernel_log_complaint(console_);
    if (complaint) problems_.push_back(fmt::format("the kernel complained: {}", complaint->line));
    bool show_secure = false, show_tail = !problems_.empty() && !complaint;
    switch (static_cast<ExitStatus>(end)) {
      case ExitStatus::clean:
        if (!status_ && problems_.empty()) problems_.push_back("the machine went off before the command had ended");
        break;
      case ExitStatus::leak:
        if (options_.leak_check) problems_.push_back("something is left alive in QTEE, or Linux broke the protocol");
        show_secure = options_.leak_check;
        break;
      case ExitStatus::reset:
        problems_.push_back("Linux asked for a reset");
        show_tail = !complaint;
        break;
      case ExitStatus::panic:
        problems_.push_back("the firmware failed");
        show_secure = true;
        break;
      case ExitStatus::no_boot:
        problems_.push_back("the firmware could not boot");
        show_secure = true;
        break;
      default:
        if (!stuck_) problems_.push_back(fmt::format("QEMU ended with status {}", end));
        break;
    }
    if (problems_.empty()) {
      keep_log(false);
      return *status_;
    }
    for (const std::string& problem : problems_) complain(problem);
    if (status_ && *status_ != 0) complain(fmt::format("the command's own status was {}", *status_));
    if (complaint) show(log_around(console_, complaint->at, kShownBefore, kShown));
    if (show_tail) show(log_tail(console_, kShownTail));
    if (show_secure) show(log_tail(secure_, kShown));
    if (!qemu_.empty()) show(log_tail(qemu_, kShownTail));
    keep_log(true);
    return kStatusMachine;
  }

  static void complain(const std::string& what) { fmt::print(stderr, "vsoc/run: {}\n", what); }

  void show(std::string_view log) const {
    if (options_.verbose) return;  // it was shown already
    while (!log.empty()) {
      const std::size_t end = std::min(log.find('\n'), log.size());
      fmt::print(stderr, "  | {}\n", log.substr(0, end));
      log.remove_prefix(std::min(end + 1, log.size()));
    }
  }

  void keep_log(bool failed) const {
    std::string path = options_.log;
    if (path.empty() && failed)
      path = pieces_.scratch() / "failed" / fmt::format("{}-{}.log", options_.kernel, getpid());
    if (path.empty()) return;
    file_replace(
        path, fmt::format("# {} kernel, driver {}, CPU {} x {}\n# command: {}\n# the kernel's console\n{}# the "
                          "firmware's console\n{}# QEMU\n{}",
                          options_.kernel, options_.driver, options_.smp, options_.cpu, options_.command[0], console_,
                          secure_, qemu_));
    if (failed) complain("the whole log is " + path);
  }

  const Options& options_;
  const Pieces& pieces_;
  const Fd signals_;
  Machine machine_;
  Outlet output_{1}, errors_{2}, input_;
  std::string console_, secure_, qemu_, control_;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool ready_ = false, input_ended_ = false, timed_out_ = false, stuck_ = false;
  std::optional<int> status_, ended_by_signal_;
  std::vector<std::string> problems_;
};

}  // namespace

int session_run(const Options& options, const Pieces& pieces) {
  Session session(options, pieces);
  const RawTerminal terminal(options.terminal && isatty(0));
  return session.run();
}

}  // namespace qtee::vsoc
