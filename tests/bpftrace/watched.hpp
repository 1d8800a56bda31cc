// SPDX-License-Identifier: BSD-3-Clause
//
// Programs that watch known load, and what they said.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace qtee::test {

/// A program's output, and how it ended.
struct Finished {
  int status;  // as a shell says it
  std::string out, err;
};

/// Runs a program of the guest's, without input, and waits for its end. Throws std::system_error.
Finished program_run(const std::vector<std::string>& argv);

/// Words of a line, split at blanks.
std::vector<std::string> words(const std::string& line);

/// What bpftrace said of qtee-load's load. Keys of maps are as in its JSON: parts with commas between.
class Watched final {
 public:
  /// Runs `program`, "-e" and text or a script and its arguments, while qtee-load runs with the options `load`. A
  /// program that fails, warns or loses events is a failure of the test.
  Watched(const std::vector<std::string>& program, const std::string& load);

  /// Lines that printf wrote.
  const std::vector<std::string>& lines() const { return lines_; }
  /// Of those the ones whose word `column` is `text`.
  std::vector<std::vector<std::string>> rows(std::size_t column, const std::string& text) const;

  /// The sum over all keys of map `name` that match the regular expression: of its numbers, of its histograms' counts,
  /// or of field `field` of its statistics. A map without keys has the key "". -1 where nothing matches.
  std::int64_t sum(const std::string& name, const std::string& key = "", const std::string& field = "total") const;
  std::int64_t count(const std::string& name, const std::string& key = "") const { return sum(name, key, "count"); }
  /// The lower bound of the lowest bucket of all matching histograms that something is in; -1 where there is none.
  std::int64_t lowest(const std::string& name, const std::string& key = "") const;
  /// All keys, one a line, for messages.
  std::string all() const;

 private:
  using Json = nlohmann::json;
  std::vector<Json> matching(const std::string& name, const std::string& key) const;

  std::multimap<std::string, Json> maps_;  // one that is printed again is there again
  std::vector<std::string> lines_;
};

}  // namespace qtee::test
