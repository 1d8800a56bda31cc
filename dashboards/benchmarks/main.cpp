// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-dashboard: a folder of results files becomes one HTML file.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <set>

#include "goal.hpp"
#include "page.hpp"

namespace {

namespace fs = std::filesystem;
using namespace qtee::dashboard;

// Whole or not at all.
void file_write(const fs::path& path, const std::string& text) {
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  fs::path part = path;
  part += fmt::format(".{}", getpid());
  std::ofstream stream(part, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) {
    fs::remove(part);
    throw BadFile(fmt::format("{}: can't be written", path.string()));
  }
  fs::rename(part, path);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Makes the benchmark dashboard, one HTML file, of results files that make bench wrote."};
  fs::path runs_folder, goals_file, parts, output;
  app.add_option("--runs", runs_folder, "The folder of the results files")->required()->type_name("DIR");
  app.add_option("--goals", goals_file, "The file of the goals; without it there are none")->type_name("FILE");
  app.add_option("--parts", parts, "The folder of index.html, page.css and page.js")->required()->type_name("DIR");
  app.add_option("--output", output, "The file to write")->required()->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  try {
    const auto runs = run_files_read(runs_folder);
    const auto goals =
        goals_file.empty() ? nlohmann::ordered_json::array() : goals_parse(goals_file, file_read(goals_file));
    const PageParts page{file_read(parts / "index.html"), file_read(parts / "page.css"), file_read(parts / "page.js")};
    const std::string text = page_fill(page, runs, goals);
    file_write(output, text);
    std::set<std::string> kernels, commits;
    for (const RunFile& run : runs) {
      kernels.insert(run.context["kernel_name"]);
      if (run.context["commit"] != "none") commits.insert(run.context["commit"]);
    }
    fmt::print("{}: runs {}, kernels {}, commits {}; {:.1f} MB\n", output.string(), runs.size(),
               fmt::join(kernels, " "), commits.size(), static_cast<double>(text.size()) / 1e6);
  } catch (const std::exception& error) {
    fmt::print(stderr, "qtee-dashboard: {}\n", error.what());
    return 1;
  }
  return 0;
}
