// SPDX-License-Identifier: BSD-3-Clause
//
// Each example for perf in docs/profiling-oneliners.md says what is true of known load.
#include <cctype>
#include <functional>
#include <map>
#include <regex>
#include <sstream>

#include "page.hpp"
#include "user_test.hpp"
#include "watched.hpp"

namespace qtee::test {
namespace {

struct Example {
  std::string title;
  std::string commands;  // as a shell takes them
};

std::vector<Example> examples() {
  std::vector<Example> found;
  std::istringstream page(kOneliners);
  std::string title;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("### ")) title = line.substr(4);
    if (!line.starts_with("    perf ")) continue;
    if (found.empty() || found.back().title != title) found.push_back({title, "set -e; cd /tmp"});
    found.back().commands += "; " + line.substr(4);
  }
  return found;
}

// Lines of `text` that match the regular expression somewhere.
int lines(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::istringstream stream(text);
  int count = 0;
  for (std::string line; std::getline(stream, line);) count += std::regex_search(line, regex);
  return count;
}

struct Check {
  std::string load;
  std::function<void(const std::string&)> check;
};

const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> all = {
      {"How many of each event",
       {"--null 7 --callback 2 --callback-ms 1",
        [](const std::string& text) {
          EXPECT_EQ(lines(text, "^ +2 +qtee:qtee_callback_request"), 1);
          EXPECT_EQ(lines(text, "^ +2 +qtee:qtee_object_create"), 0) << "three: the service and two passes";
          EXPECT_EQ(lines(text, "^ +3 +qtee:qtee_object_create"), 1);
        }}},
      {"All events, in order",
       {"--null 7 --fail 2 --result -92",
        [](const std::string& text) {
          EXPECT_EQ(lines(text, "qtee-load .*qtee:qtee_invoke_begin:.* op=0x0 "), 8);
          EXPECT_EQ(lines(text, "qtee-load .*qtee:qtee_invoke_end:.* op=0x3 .*result=-92.0xffffffa4."), 2);
          EXPECT_EQ(lines(text, "qtee-load .*qtee:qtee_smc_enter:.* transport=smc kind=invoke"), 10);
        }}},
      {"Invocations of more than 10 ms, with all phases",
       {"--null 7 --work 3 --work-ms 20",
        [](const std::string& text) {
          EXPECT_EQ(lines(text, "qtee:qtee_invoke_end:.* op=0x4 .*secure_ns=[2-9]"), 3);
        }}},
      {"From where QTEE is entered",
       {"--null 7",
        [](const std::string& text) {
          EXPECT_GE(lines(text, "^qtee-load .*qtee:qtee_smc_enter"), 8);
          // The first record's functions of modules are without names: perf has not met the module yet.
          EXPECT_GE(lines(text, " qtee_object_invoke"), 7);
        }}},
  };
  return all;
}

class PerfTest : public UserTest, public ::testing::WithParamInterface<Example> {};

INSTANTIATE_TEST_SUITE_P(, PerfTest, ::testing::ValuesIn(examples()), [](const auto& info) {
  std::string name;
  for (const char c : info.param.title)
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  return name;
});

TEST_P(PerfTest, SaysWhatIsTrue) {
  const auto check = checks().find(GetParam().title);
  ASSERT_NE(check, checks().end()) << "no test for: " << GetParam().title;
  std::string commands = GetParam().commands;
  const std::string word = "COMMAND";
  commands.replace(commands.find(word), word.size(), "/qtee/bin/qtee-load " + check->second.load);
  const Finished run = program_run({"sh", "-c", commands});
  EXPECT_EQ(run.status, 0);
  check->second.check(run.out + run.err);
  if (HasFailure()) GTEST_LOG_(INFO) << run.out << run.err;
}

TEST(PerfTests, AllOfThemAreThere) { EXPECT_EQ(examples().size(), checks().size()); }

}  // namespace
}  // namespace qtee::test
