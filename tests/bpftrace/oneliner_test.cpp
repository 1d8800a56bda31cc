// SPDX-License-Identifier: BSD-3-Clause
//
// Each one-liner of docs/profiling-oneliners.md says what is true of known load.
#include <cctype>
#include <functional>
#include <map>
#include <sstream>

#include "page.hpp"
#include "parameter.hpp"
#include "user_test.hpp"
#include "watched.hpp"

namespace qtee::test {
namespace {

struct Oneliner {
  std::string title;
  std::string program;
};

// The page's: what stands between the quotation marks, below the heading.
std::vector<Oneliner> oneliners() {
  const std::string start = "    bpftrace -e '";
  std::vector<Oneliner> found;
  std::istringstream page(kOneliners);
  std::string title;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("### ")) title = line.substr(4);
    if (line.starts_with(start)) found.push_back({title, line.substr(start.size(), line.rfind('\'') - start.size())});
  }
  return found;
}

struct Check {
  std::string load;
  std::function<void(const Watched&)> check;
};

// `load` is the same where it can be.
const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> all = {
      {"Invocations by object and operation",
       {"--null 7 --echo 5",
        [](const Watched& seen) {
          EXPECT_EQ(seen.sum("@", "1,0"), 1);
          EXPECT_EQ(seen.sum("@", "[0-9]{2,},0"), 7);
          EXPECT_EQ(seen.sum("@", "[0-9]{2,},1"), 5);
        }}},
      {"Invocations by thread and process",
       {"--null 7", [](const Watched& seen) { EXPECT_EQ(seen.sum("@", "qtee-load,[0-9]+"), 8); }}},
      {"Invocations in each second",
       {"--null 20 --work 2 --work-ms 1200", [](const Watched& seen) { EXPECT_GE(seen.sum("@"), 1 + 20 + 2); }}},
      {"From where in the program",
       {"--null 7", [](const Watched& seen) { EXPECT_EQ(seen.sum("@", ".*,qtee-load"), 8); }}},
      {"From where in the kernel",
       {"--null 7", [](const Watched& seen) { EXPECT_GE(seen.sum("@", ".*qtee_object_invoke.*"), 8); }}},
      {"How large the messages are",
       {"--echo 5 --bytes 5000",
        [](const Watched& seen) {
          EXPECT_GE(seen.sum("@in"), 6);
          EXPECT_GE(seen.sum("@out"), 6);
        }}},
      {"Microseconds by operation",
       {"--work 3 --work-ms 20",
        [](const Watched& seen) {
          EXPECT_EQ(seen.sum("@us", "4"), 3);
          EXPECT_GE(seen.lowest("@us", "4"), 16'384);
        }}},
      {"Time in the secure world, by object and operation",
       {"--work 3 --work-ms 20",
        [](const Watched& seen) {
          EXPECT_EQ(seen.count("@us", "[0-9]+,4"), 3);
          EXPECT_GE(seen.sum("@us", "[0-9]+,4"), 60'000);
        }}},
      {"Where all the time went, by process",
       {"--work 3 --work-ms 20 --callback 2 --callback-ms 40",
        [](const Watched& seen) {
          EXPECT_GE(seen.sum("@qtee", "qtee-load"), 60'000'000);
          EXPECT_GE(seen.sum("@callbacks", "qtee-load"), 80'000'000);
          EXPECT_GT(seen.sum("@all", "qtee-load"),
                    seen.sum("@qtee", "qtee-load") + seen.sum("@callbacks", "qtee-load"));
        }}},
      {"Slow ones, as they happen",
       {"--work 3 --work-ms 20",
        [](const Watched& seen) {
          unsigned slow = 0;
          for (const auto& row : seen.rows(0, "qtee-load")) slow += row.size() > 5 && row[4] == "op" && row[5] == "4";
          EXPECT_EQ(slow, 3u);
        }}},
      {"The slowest of each operation",
       {"--work 3 --work-ms 20", [](const Watched& seen) { EXPECT_GE(seen.sum("@slowest_us", "[0-9]+,4"), 20'000); }}},
      {"Waiting for a turn, or for memory, before QTEE is entered",
       {"--null 7", [](const Watched& seen) { EXPECT_EQ(seen.sum("@us", "qtee-load"), 8); }}},
      {"What QTEE asks for",
       {"--callback 3 --repeat 2 --callback-ms 1",
        [](const Watched& seen) { EXPECT_EQ(seen.sum("@", "[0-9]{10},7"), 6); }}},
      {"Who serves it",
       {"--callback 3 --repeat 2 --callback-ms 1",
        [](const Watched& seen) { EXPECT_EQ(seen.sum("@", "load-server,[0-9]+,7"), 6); }}},
      {"How long servers take",
       {"--callback 3 --callback-ms 20",
        [](const Watched& seen) {
          EXPECT_EQ(seen.count("@us", "load-server,7"), 3);
          EXPECT_GE(seen.sum("@us", "load-server,7"), 60'000);
        }}},
      {"How long requests wait for a server",
       {"--callback 3 --callback-ms 1", [](const Watched& seen) { EXPECT_EQ(seen.sum("@us"), 3); }}},
      {"Callbacks under way",
       {"--nest 3",
        [](const Watched& seen) {
          EXPECT_EQ(seen.sum("@most"), 3);
          EXPECT_EQ(seen.sum("@now"), 0);
        }}},
      {"What QTEE answers: final, callback, interrupted, sleep, busy, refused",
       {"--null 7 --callback 2 --callback-ms 1 --busy 3 --interrupted 1",
        [](const Watched& seen) {
          EXPECT_GE(seen.sum("@", "0"), 7 + 2 + 1);
          EXPECT_EQ(seen.sum("@", "1"), 2);
          EXPECT_EQ(seen.sum("@", "2"), 1);
          EXPECT_EQ(seen.sum("@", "4"), 3);
        }}},
      {"How long QTEE keeps a CPU at a time",
       {"--work 3 --work-ms 20 --callback 2 --callback-ms 1",
        [](const Watched& seen) {
          EXPECT_GE(seen.sum("@us", "0"), 1 + 3 + 2);
          EXPECT_EQ(seen.sum("@us", "1"), 2);
        }}},
      {"How many ids an asynchronous message has",
       {"--callback 3 --callback-ms 1", [](const Watched& seen) { EXPECT_EQ(seen.sum("@", "65535"), 3); }}},
      {"Results and errors",
       {"--fail 3 --result 10 --efault 2",
        [](const Watched& seen) {
          EXPECT_EQ(seen.sum("@", "qtee-load,3,10,0"), 3);
          EXPECT_EQ(seen.sum("@", "qtee-load,1,0,-14"), 2);
          EXPECT_EQ(seen.sum("@", ".*"), 5);
        }}},
      {"Callbacks that nobody answered",
       {"--unanswered 2", [](const Watched& seen) { EXPECT_EQ(seen.sum("@", "[0-9]+,1,-2"), 2); }}},
      {"Objects created less objects released",
       {"--create 5 --keep 2 --keeper /tmp/keeper", [](const Watched& seen) { EXPECT_EQ(seen.sum("@alive"), 1 + 2); }}},
      {"Releases that wait",
       {"--create 5",
        [](const Watched& seen) {
          EXPECT_GE(seen.sum("@pending"), 1);
          EXPECT_GE(seen.sum("@by", "qtee-load"), 5);
        }}},
      {"Memory mapped for QTEE, by exporter",
       {"--memory 3",
        [](const Watched& seen) {
          EXPECT_EQ(seen.count("@bytes", "udmabuf,0"), 3);
          EXPECT_EQ(seen.sum("@bytes", "udmabuf,0"), 3 * 8192);
        }}},
      {"Bridges made and deleted", {"--memory 3", [](const Watched& seen) { EXPECT_GE(seen.count("@made", "0"), 3); }}},
      {"Message buffers that were not there",
       {"--miss 2",
        [](const Watched& seen) {
          EXPECT_EQ(seen.sum("@missed", "2048k,qtee-load"), 2);
          EXPECT_EQ(seen.sum("@made", "2048k"), 2);
        }}},
  };
  return all;
}

class OnelinerTest : public UserTest, public ::testing::WithParamInterface<Oneliner> {};

std::string test_name(const ::testing::TestParamInfo<Oneliner>& info) {
  std::string name;
  for (const char c : info.param.title)
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(, OnelinerTest, ::testing::ValuesIn(oneliners()), test_name);

TEST_P(OnelinerTest, SaysWhatIsTrue) {
  const auto check = checks().find(GetParam().title);
  ASSERT_NE(check, checks().end()) << "no test for: " << GetParam().title;
  const Watched seen({"-e", GetParam().program}, check->second.load);
  check->second.check(seen);
  if (HasFailure()) GTEST_LOG_(INFO) << seen.all();
  if (check->second.load.find("--keeper") != std::string::npos)
    (void)program_run({"sh", "-c", "kill $(cat /tmp/keeper)"});
}

TEST(OnelinerTests, AllOfThemAreThere) { EXPECT_EQ(oneliners().size(), checks().size()); }

}  // namespace
}  // namespace qtee::test
