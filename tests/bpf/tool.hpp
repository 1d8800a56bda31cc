// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "qtee/file_descriptor.hpp"

namespace qtee::test {

using Json = nlohmann::json;

/// What a tool has written, and its exit status.
struct ToolOutput {
  int status;
  std::string out;
  std::string remarks;

  std::vector<std::string> lines() const;
  /// Lines of JSON, checked for what all of them have; those of `type` only, unless it is empty.
  std::vector<Json> json(const std::string& type = "") const;
};

/// A tool that runs while this lives. One thread's.
class Tool final {
 public:
  /// Returns when the tool is attached. Throws std::runtime_error with what it said when it ended instead.
  explicit Tool(const std::vector<std::string>& arguments);
  /// One that is waited for, whether it says that it is attached or not.
  static ToolOutput run(const std::vector<std::string>& arguments);
  /// Kills it.
  ~Tool();
  Tool(const Tool&) = delete;

  int pid() const { return pid_; }
  void signal(int signal) const;
  /// Ends it by `signal` and waits.
  ToolOutput stop(int signal);
  ToolOutput stop();
  /// Waits until it ends by itself.
  ToolOutput wait();
  /// What it has written so far.
  std::string out() const;

 private:
  enum class Until { started, attached };
  Tool(const std::vector<std::string>& arguments, Until until);
  ToolOutput output(int status) const;

  FileDescriptor out_, remarks_;
  int pid_;
};

}  // namespace qtee::test
