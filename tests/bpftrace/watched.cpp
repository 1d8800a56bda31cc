// SPDX-License-Identifier: BSD-3-Clause
#include "watched.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <system_error>

#include "file.hpp"
#include "qtee/file_descriptor.hpp"

namespace qtee::test {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// A file without a name, so that whoever else inherits it does not keep us waiting.
FileDescriptor nameless() {
  FileDescriptor file(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) fail("/tmp");
  return file;
}

std::string all_of(const FileDescriptor& file) {
  std::string text;
  char piece[4096];
  off_t at = 0;
  for (ssize_t got; (got = pread(file.get(), piece, sizeof piece, at)) > 0; at += got)
    text.append(piece, static_cast<std::size_t>(got));
  return text;
}

}  // namespace

Finished program_run(const std::vector<std::string>& argv) {
  const FileDescriptor in(open("/dev/null", O_RDONLY | O_CLOEXEC)), out = nameless(), err = nameless();
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    dup2(in.get(), 0);
    dup2(out.get(), 1);
    dup2(err.get(), 2);
    execvp(words[0], words.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid");
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), all_of(out), all_of(err)};
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

Watched::Watched(const std::vector<std::string>& program, const std::string& load) {
  std::vector<std::string> argv{"bpftrace", "-q", "-f", "json", "-c", "/qtee/bin/qtee-load " + load};
  argv.insert(argv.end(), program.begin(), program.end());
  const Finished run = program_run(argv);
  EXPECT_EQ(run.status, 0) << run.out;
  EXPECT_EQ(run.err, "");
  std::istringstream stream(run.out);
  std::string printed;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) continue;
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) {
      ADD_FAILURE() << "not JSON: " << line;
      continue;
    }
    const std::string type = json["type"];
    EXPECT_NE(type, "lost_events") << line;
    if (type == "printf") printed += json["data"].get<std::string>();
    if (type == "map" || type == "hist" || type == "stats")
      for (const auto& [name, value] : json["data"].items()) maps_.emplace(name, value);
  }
  std::istringstream text(printed);
  for (std::string line; std::getline(text, line);) lines_.push_back(line);
}

std::vector<std::vector<std::string>> Watched::rows(std::size_t column, const std::string& text) const {
  std::vector<std::vector<std::string>> found;
  for (const std::string& line : lines_)
    if (const auto row = words(line); row.size() > column && row[column] == text) found.push_back(row);
  return found;
}

std::vector<Watched::Json> Watched::matching(const std::string& name, const std::string& key) const {
  const std::regex pattern(key);
  std::vector<Json> found;
  const auto [begin, end] = maps_.equal_range(name);
  for (auto map = begin; map != end; ++map) {
    if (key.empty()) {
      found.push_back(map->second);
      continue;
    }
    if (!map->second.is_object()) continue;
    for (const auto& [candidate, value] : map->second.items())
      if (std::regex_match(candidate, pattern)) found.push_back(value);
  }
  return found;
}

std::int64_t Watched::sum(const std::string& name, const std::string& key, const std::string& field) const {
  const auto values = matching(name, key);
  std::int64_t sum = values.empty() ? -1 : 0;
  for (const Json& value : values) {
    if (value.is_number()) sum += value.get<std::int64_t>();
    if (value.is_object()) sum += value.at(field).get<std::int64_t>();
    if (!value.is_array()) continue;
    for (const Json& bucket : value) sum += bucket.at("count").get<std::int64_t>();
  }
  return sum;
}

std::int64_t Watched::lowest(const std::string& name, const std::string& key) const {
  std::int64_t lowest = -1;
  for (const Json& value : matching(name, key))
    for (const Json& bucket : value)
      if (bucket.at("count") != 0 && bucket.contains("min")) {
        const auto bound = bucket["min"].get<std::int64_t>();
        lowest = lowest < 0 ? bound : std::min(lowest, bound);
      }
  return lowest;
}

std::string Watched::all() const {
  std::string text;
  for (const auto& [name, value] : maps_) text += name + " " + value.dump() + "\n";
  for (const std::string& line : lines_) text += line + "\n";
  return text;
}

}  // namespace qtee::test
