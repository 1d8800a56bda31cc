// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace qtee::vsoc::test {

struct Outcome {
  int status = -1;  // 128 + N for signal N
  std::string out;
  std::string err;
};

// A child process whose streams are pipes; killed and reaped at the end.
class Process {
 public:
  using Environment = std::map<std::string, std::string>;

  // `changes` are made to this process's environment.
  explicit Process(const std::vector<std::string>& words, std::string input = "", const Environment& changes = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // More input. Of a process that began without any, or whose input is through, too late.
  void send(const std::string& text) { input_ += text; }
  // Input may still come after all that is there is through. To call before that.
  void keep_input_open() { input_open_ = true; }
  // What came on stdout so far, and on stderr.
  const Outcome& so_far() const { return outcome_; }

  // Moves bytes until what came on stdout or stderr contains `text`; false if it ends or the time is over before.
  bool wait_for(const std::string& text, std::chrono::seconds limit);
  // To its end, with all its output. At the limit it is killed.
  const Outcome& wait(std::chrono::seconds limit);
  void signal(int number);
  pid_t pid() const { return pid_; }

 private:
  // One round of moving. Returns false at the end of both outputs.
  bool move(int timeout_ms);

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string input_;
  bool input_open_ = false;
  Outcome outcome_;
};

// Runs to the end.
Outcome run(const std::vector<std::string>& words, std::string input = "", const Process::Environment& changes = {},
            std::chrono::seconds limit = std::chrono::seconds(240));

// A folder that is gone with this object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace qtee::vsoc::test
