// SPDX-License-Identifier: BSD-3-Clause
//
// Lines of JSON are such whatever happens, and have what the man pages say: no less and no more.
#include <sys/prctl.h>

#include <atomic>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bpf_test.hpp"
#include "man.hpp"

namespace qtee::test {
namespace {

class SchemaTest : public BpfTest {
 protected:
  static constexpr char kLoad[] =
      "-- qtee-load --null 5 --work 2 --callback 2 --callback-ms 30 --nest 2 --fail 2 --busy 1 --miss 1";

  static ToolOutput run(const std::string& command) { return Tool::run({"sh", "-c", command}); }

  /// Names of members, at all depths, and the words that tell lines of one kind from others.
  static void names_add(const Json& json, std::set<std::string>& names) {
    if (json.is_array())
      for (const Json& one : json) names_add(one, names);
    if (!json.is_object()) return;
    for (const auto& [name, value] : json.items()) {
      names.insert(name);
      if (value.is_string()) names.insert(value.get<std::string>());
      names_add(value, names);
    }
  }

  /// Words in .Ql lines of the section JSON.
  static std::set<std::string> documented(const std::string& page) {
    std::set<std::string> words;
    std::istringstream lines(kManPages.at(page));
    bool json = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(".Sh ")) json = line == ".Sh JSON";
      if (!json || !line.starts_with(".Ql ")) continue;
      std::istringstream text(line.substr(4));
      for (std::string word; text >> word;)
        if (word.size() > 1) words.insert(word);
    }
    return words;
  }

  static std::set<std::string> members(const Json& json) {
    std::set<std::string> names;
    if (json.is_array())
      for (const Json& one : json) names.merge(members(one));
    if (json.is_object())
      for (const auto& [name, value] : json.items()) {
        names.insert(name);
        names.merge(members(value));
      }
    return names;
  }

  static void expect_documented(const std::string& command, std::set<std::string> pages) {
    const std::string tool = command.substr(0, command.find(' '));
    const ToolOutput output = run(command + " --json --overhead " + kLoad);
    ASSERT_EQ(output.status, 0) << output.remarks;
    std::set<std::string> said, used;
    for (const std::string& page : pages) said.merge(documented(page));
    for (const Json& line : output.json()) {
      for (const std::string& name : members(line))
        EXPECT_TRUE(said.contains(name)) << tool << ": " << name << " is not documented\n" << line;
      names_add(line, used);
    }
    std::set<std::string> own = documented(tool);
    own.merge(documented("qtee-tools"));
    for (const std::string& name : own) EXPECT_TRUE(used.contains(name)) << tool << ": " << name << " is never there";
  }
};

TEST_F(SchemaTest, LatIsAsDocumented) { expect_documented("qtee-lat --buckets -i 100ms", {"qtee-lat", "qtee-tools"}); }
TEST_F(SchemaTest, SlowIsAsDocumented) { expect_documented("qtee-slow -T 0", {"qtee-slow", "qtee-tools"}); }
TEST_F(SchemaTest, StacksIsAsDocumented) { expect_documented("qtee-stacks", {"qtee-stacks", "qtee-tools"}); }
TEST_F(SchemaTest, TopIsAsDocumented) { expect_documented("qtee-top -i 10ms", {"qtee-top", "qtee-lat", "qtee-tools"}); }
TEST_F(SchemaTest, TraceIsAsDocumented) { expect_documented("qtee-trace", {"qtee-trace", "qtee-tools"}); }

TEST_F(SchemaTest, UnderLoadByWhoeverHasWhateverName) {
  constexpr char kName[] = "\xff\";\x1b[2J\n%s";
  char before[16] = {};
  ::prctl(PR_GET_NAME, before);
  ::prctl(PR_SET_NAME, kName);
  for (const char* tool :
       {"qtee-lat -i 10ms", "qtee-slow -T 0", "qtee-stacks -k", "qtee-top -b -i 10ms", "qtee-trace"}) {
    for (const char* json : {" --json", ""}) {
      std::vector<std::string> words;
      std::istringstream text(tool + std::string(json) + " --process " + own_pid());
      for (std::string word; text >> word;) words.push_back(word);
      Tool running(words);
      {
        std::vector<std::jthread> load;
        for (int i = 0; i < 4; ++i) load.emplace_back([this] { null(500); });
      }
      call_back(1);
      const ToolOutput output = running.stop();
      EXPECT_EQ(output.status, 0) << output.remarks;
      if (*json) {
        const std::vector<Json> end = output.json("end");
        ASSERT_EQ(end.size(), 1u) << tool;
        EXPECT_EQ(end[0].contains("calls") ? end[0].at("calls") : end[0].at("invocations"), 2001) << tool;
        EXPECT_EQ(end[0].at("lost"), 0) << tool;
        continue;
      }
      for (const char c : output.out) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << tool << " " << int{c};
      if (std::string(tool) != "qtee-stacks -k") continue;
      // Folded: frames without semicolons, and a number.
      for (const std::string& line : output.lines())
        EXPECT_TRUE(line.starts_with("?\":?[2J?%s;") && line.find_last_not_of("0123456789") == line.rfind(' ')) << line;
    }
  }
  ::prctl(PR_SET_NAME, before);
}

}  // namespace
}  // namespace qtee::test
