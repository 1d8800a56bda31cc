// SPDX-License-Identifier: BSD-3-Clause
//
// What the main functions of all tools share.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "options.hpp"
#include "qtee/file_descriptor.hpp"
#include "signals.hpp"

namespace qtee::bpf {

/// Why a tool can't do what it is for: text for its user. It ends with status 1.
class ToolError final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws ToolError where this kernel has no BPF, or does not permit it to this process; names the capabilities.
void bpf_require();
/// The same, and where `module` can't be traced: it is not loaded, or there is no BTF.
void kernel_require(std::string_view module);
/// Throws ToolError where a trace event's files can't be had or read. What attaches by BTF does not need them.
void tracefs_require(const std::string& event);
/// Throws ToolError for a pid that is no process's.
void process_require(std::uint32_t pid);
bool module_loaded(std::string_view module);
/// Whether the kernel's BTF, or that of `module` where it is loaded, knows a trace event.
bool kernel_has_event(std::string_view name, const std::string& module);

/// The name of a process, or of the thread that is called so, in this moment; "" when it is gone.
std::string process_name(std::uint32_t pid);

/// A tool's BPF programs: a skeleton that bpftool made, closed with this. Set what is constant in it between the
/// constructor and load().
template <class Skeleton>
class Programs final {
 public:
  Programs() : skeleton_(Skeleton::open()) {
    if (!skeleton_) throw ToolError("its BPF programs can't be read: " + last_words());
  }
  /// Throw ToolError with what libbpf and the kernel said.
  void load() { check(Skeleton::load(skeleton_.get()), "the kernel does not take the BPF programs"); }
  void attach() { check(Skeleton::attach(skeleton_.get()), "the BPF programs can't be attached"); }
  /// From here on nothing is counted any more.
  void detach() { Skeleton::detach(skeleton_.get()); }

  Skeleton* operator->() { return skeleton_.get(); }
  const Skeleton* operator->() const { return skeleton_.get(); }
  bpf_object* object() const { return skeleton_->obj; }

 private:
  struct Destroy {
    void operator()(Skeleton* skeleton) const { Skeleton::destroy(skeleton); }
  };
  static std::string last_words();
  static void check(int error, const char* what);

  std::unique_ptr<Skeleton, Destroy> skeleton_;
};

/// What libbpf has said last, for messages; and shows all of it on the standard error output with `verbose`.
void libbpf_listen(bool verbose);
std::string libbpf_last_words();
/// Throws ToolError unless `error` is 0.
void libbpf_check(int error, const std::string& what);

template <class Skeleton>
std::string Programs<Skeleton>::last_words() {
  return libbpf_last_words();
}
template <class Skeleton>
void Programs<Skeleton>::check(int error, const char* what) {
  libbpf_check(error, what);
}

/// What a tool's own programs have cost, while this lives. Switching it on needs CAP_SYS_ADMIN; throws ToolError.
class Overhead final {
 public:
  Overhead();
  /// A remark, or a line of JSON, for each program of `object`. `ns`: for how long it was.
  void report(std::string_view tool, const bpf_object* object, std::uint64_t ns, bool json) const;

 private:
  FileDescriptor stats_;
};

/// How often the kernel did not run a program of `object` because it was running already: events that it missed.
std::uint64_t programs_missed(const bpf_object* object);

/// Waits, while programs count: until the time is over, a signal comes (SIGINT, SIGTERM, SIGHUP) or the command ends.
class Loop final {
 public:
  /// From here on those signals are taken, and end run().
  explicit Loop(const Options& options, SecondSignal second = SecondSignal::ends);
  /// Sends SIGTERM to a command that has not ended, and says so if that does not end it.
  ~Loop();
  Loop(const Loop&) = delete;

  /// Calls `ready` when `fd` can be read.
  void watch(int fd, std::function<void()> ready) { watches_.emplace_back(fd, std::move(ready)); }
  /// Calls `resized` when the terminal has another size.
  void watch_size(std::function<void()> resized) { resized_ = std::move(resized); }
  /// Starts the command, if there is one, and returns when all is over; `each_interval` is called in between. What
  /// `watch` waits for is looked at once more at the end. Once.
  void run(const std::function<void()>& each_interval);
  /// Ends run() from within a call by it.
  void stop() { stopped_ = true; }
  /// What the tool is to end with: the command's status, 0 without one.
  int status() const { return status_; }
  /// Whether a signal has ended run().
  bool interrupted() const { return interrupted_; }
  /// When run() began, and how long it was; monotonic ns.
  std::uint64_t began() const { return began_; }
  std::uint64_t length() const;

 private:
  void start_command();
  void end_command();

  const Options& options_;
  FileDescriptor news_;
  std::vector<std::pair<int, std::function<void()>>> watches_;
  std::function<void()> resized_;
  int child_ = 0;
  int status_ = 0;
  bool stopped_ = false;
  bool interrupted_ = false;
  std::uint64_t began_ = 0;
  std::uint64_t ended_ = 0;
};

/// Records that programs send. Each is handled within Loop::run().
class RingBuffer final {
 public:
  RingBuffer(int map, Loop& loop, std::function<void(const void*, std::size_t)> handle);
  ~RingBuffer();
  RingBuffer(const RingBuffer&) = delete;

  /// Handles all that are there. Where programs send as fast as that goes, it has no end: not before they are detached.
  void drain();

 private:
  static int handle(void* self, void* data, std::size_t size);
  /// So many at most; returns how many there were.
  int take(std::size_t most);
  std::function<void(const void*, std::size_t)> handle_;
  ring_buffer* buffer_;
  std::exception_ptr failure_;  // libbpf's functions are no place for it
};

/// What main() is: parses `app`, sets libbpf up, runs `work` and turns what is thrown into a message and a status:
/// 0, that of the command, 1 for what can't be done, 2 for arguments that are none.
int tool_main(CLI::App& app, int argc, char** argv, const Options& options, const std::function<int()>& work);

}  // namespace qtee::bpf
