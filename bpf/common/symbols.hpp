// SPDX-License-Identifier: BSD-3-Clause
//
// Names of addresses in stacks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qtee::bpf {

/// The kernel's functions, by /proc/kallsyms as it is when the first one is asked for. Without addresses there
/// (kptr_restrict) all are numbers. Not thread-safe.
class KernelSymbols final {
 public:
  /// Does so now: that takes a while.
  void read();
  /// "mutex_lock", "qtee_invoke [qtee]"; the number where there is no name.
  std::string name(std::uint64_t address);

 private:
  std::string text_;
  std::vector<std::pair<std::uint64_t, std::size_t>> functions_;  // sorted: address, where its name is in the text
};

/// Functions of programs, by the symbols of the files that they have mapped. Not thread-safe.
class UserSymbols final {
 public:
  UserSymbols();
  ~UserSymbols();
  /// Remembers what the process has mapped now, so that it may end before it is asked for. Once for each pid does.
  void learn(std::uint32_t pid);
  /// "main", "Client::open" (without parameters), "[program+0x1234]", or "[unknown]" of a process that had ended.
  std::string name(std::uint32_t pid, std::uint64_t address);

 private:
  struct File;
  struct Mapping {
    std::uint64_t start, end, offset;
    std::string path;
    std::shared_ptr<File> file;
  };
  std::shared_ptr<File> file(std::uint32_t pid, const std::string& path);

  std::map<std::uint32_t, std::vector<Mapping>> processes_;
  std::map<std::string, std::shared_ptr<File>> files_;
};

/// Functions of the kernel that are on each stack on which somebody waits or traces, and so say nothing.
bool symbol_is_noise(std::string_view name);

/// Frames of a map of stacks, innermost first; none where `id` is none.
std::vector<std::uint64_t> stack_frames(int map, std::uint32_t id);

}  // namespace qtee::bpf
