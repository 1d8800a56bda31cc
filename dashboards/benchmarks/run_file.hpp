// SPDX-License-Identifier: BSD-3-Clause
//
// Results files of bench/: Google Benchmark's JSON with our context (bench/README.md). What the page needs of one,
// checked.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace qtee::dashboard {

/// A file that can't be used; what() names it, and says where in it what is wrong.
struct BadFile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One value per repetition, in their order.
using Samples = std::vector<double>;

/// What was measured of one benchmark: by name of the time or counter.
using Benchmark = std::map<std::string, Samples>;

struct RunFile {
  std::string name;                ///< of the file
  std::string time;                ///< when it was made, ISO 8601, UTC if the file's name tells
  nlohmann::ordered_json context;  ///< an object; "quick" is in it, and "commit", "none" where there is none
  std::map<std::string, Benchmark> benchmarks;  ///< by "suite/path/who"
  std::map<std::string, std::string> failures;  ///< benchmarks that failed, and what they said
  std::string text;                             ///< the file as it is
};

/// Throws BadFile. `name` is the file's, for messages and to show.
RunFile run_file_parse(const std::string& name, std::string text);

/// All *.json of the folder, by name. Throws BadFile, for all that are bad at once, and if there is none.
std::vector<RunFile> run_files_read(const std::filesystem::path& folder);

/// The whole file. Throws BadFile if it can't be read.
std::string file_read(const std::filesystem::path& path);

}  // namespace qtee::dashboard
