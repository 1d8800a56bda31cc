// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "filter.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace qtee::bpf {

/// What all tools take. Times are in ns.
struct Options {
  std::string process;  // a pid or a name; all where it is empty
  std::string object;   // an id
  std::string operation;
  std::optional<std::uint64_t> duration;
  std::optional<std::uint64_t> interval;  // where the tool has one
  bool json = false;
  bool timestamps = false;
  bool overhead = false;
  bool verbose = false;
  std::vector<std::string> command;

  /// What BPF programs are given. Throws CLI::ValidationError.
  qtee_filter filter() const;
};

enum class Interval { none, offered };

/// Adds the options of all tools to a tool's own. They are validated when they are parsed.
void options_add(CLI::App& app, Options& options, Interval interval);

/// An option of which `parse` takes the text; it throws std::invalid_argument where that is wrong.
CLI::Option* option_add_parsed(CLI::App& app, const std::string& name,
                               const std::function<void(const std::string&)>& parse, const std::string& description);

/// An option that is a duration in ns.
CLI::Option* option_add_duration(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& ns,
                                 const std::string& description);

}  // namespace qtee::bpf
