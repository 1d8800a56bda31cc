// SPDX-License-Identifier: BSD-3-Clause
//
// Each script of bpf/bpftrace says what is true of known load.
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "parameter.hpp"
#include "user_test.hpp"
#include "watched.hpp"

namespace qtee::test {
namespace {

constexpr char kScripts[] = "/qtee/share/bpftrace/";
constexpr char kKeeper[] = "/tmp/keeper";  // has the id of the process in which qtee-load keeps things

class ScriptTest : public UserTest {
 protected:
  static Watched watch(const std::string& name, const std::string& load, const std::string& argument = "") {
    std::vector<std::string> program{kScripts + name + ".bt"};
    if (!argument.empty()) program.push_back(argument);
    return Watched(program, load);
  }

  static void keeper_end() {
    pid_t pid = 0;
    std::ifstream(kKeeper) >> pid;
    ASSERT_GT(pid, 0);
    kill(pid, SIGKILL);
  }
};

std::int64_t number(const std::string& word) { return std::strtoll(word.c_str(), nullptr, 0); }

TEST_F(ScriptTest, Latency) {
  const Watched seen = watch("latency", "--null 20 --work 3 --work-ms 5");
  EXPECT_EQ(seen.count("@calls", "1,0"), 1) << seen.all();
  EXPECT_EQ(seen.count("@calls", "[0-9]{2,},0"), 20);
  EXPECT_EQ(seen.count("@calls", "[0-9]+,4"), 3);
  EXPECT_GE(seen.sum("@calls", "[0-9]+,4"), 15'000);
  EXPECT_EQ(seen.sum("@us", "[0-9]{2,},0"), 20);
  EXPECT_EQ(seen.sum("@us", "[0-9]+,4"), 3);
  EXPECT_GE(seen.lowest("@us", "[0-9]+,4"), 4096);
}

TEST_F(ScriptTest, Phases) {
  const Watched seen = watch("phases", "--null 10 --work 3 --work-ms 5 --callback 3 --callback-ms 20");
  // OBJECT OP CALLS TOTAL IN SECURE CALLBACK OUT
  for (const auto& [op, calls] : {std::pair("4", 3), {"8", 3}}) {
    const auto rows = seen.rows(1, op);
    ASSERT_EQ(rows.size(), 1u) << seen.all();
    ASSERT_EQ(rows[0].size(), 8u);
    EXPECT_EQ(number(rows[0][2]), calls);
    const auto total = number(rows[0][3]), secure = number(rows[0][5]), callback = number(rows[0][6]);
    EXPECT_NEAR(static_cast<double>(number(rows[0][4]) + secure + callback + number(rows[0][7])),
                static_cast<double>(total), 4.0)
        << "rounded down, each";
    if (op == std::string("4")) {
      EXPECT_GE(secure, 5'000);
      EXPECT_EQ(callback, 0);
    } else {
      EXPECT_GE(callback, 20'000);
      EXPECT_GT(secure, 0);
    }
  }
  EXPECT_EQ(seen.rows(0, "0x1").size(), 1u);
}

TEST_F(ScriptTest, Callbacks) {
  const Parameter asked("mapping_ahead", 0);
  const Watched seen = watch("callbacks", "--memory 1 --callback 3 --callback-ms 20 --nest 3 --unanswered 2");
  EXPECT_EQ(seen.count("@serve_us", "load-server,[0-9]+,7"), 3) << seen.all();
  EXPECT_GE(seen.sum("@serve_us", "load-server,[0-9]+,7"), 60'000);
  EXPECT_EQ(seen.count("@serve_us", "load-server,[0-9]+,1"), 3);
  EXPECT_EQ(seen.count("@serve_us", ".*"), 6) << "and nobody else's";
  EXPECT_EQ(seen.sum("@wake_us", "load-server,[0-9]+"), 6);
  EXPECT_EQ(seen.sum("@back_us"), 6);
  EXPECT_EQ(seen.sum("@kernel", "primordial,0"), 1) << "MAP_REGION";
  EXPECT_EQ(seen.sum("@failed", "1,-2"), 2);
}

TEST_F(ScriptTest, Slow) {
  const Watched seen = watch("slow", "--null 10 --work 2 --work-ms 30 --callback 2 --callback-ms 40", "20");
  // TIME COMM TID OBJECT OP RESULT TOTAL IN SECURE CALLBACK OUT MOST
  const auto work = seen.rows(4, "4"), callback = seen.rows(4, "8");
  ASSERT_EQ(work.size(), 2u) << seen.all();
  ASSERT_EQ(callback.size(), 2u) << seen.all();
  for (const auto& row : work) {
    EXPECT_EQ(row[1], "qtee-load");
    EXPECT_GE(number(row[8]), 30'000);
  }
  for (const auto& row : callback) EXPECT_GE(number(row[9]), 40'000);
  // A machine that is busy may take long anywhere; what is said of a row is what its figures say.
  for (std::size_t i = 1; i < seen.lines().size(); ++i) {
    const auto row = words(seen.lines()[i]);
    ASSERT_GE(row.size(), 13u);
    const auto total = number(row[6]), secure = number(row[8]), callbacks = number(row[9]);
    EXPECT_GE(total, 20'000);
    if (secure > total / 2 + 1) {
      EXPECT_EQ(row[12], "QTEE") << seen.lines()[i];
    } else if (callbacks > total / 2 + 1) {
      EXPECT_EQ(row[12], "callbacks") << seen.lines()[i];
    } else if (secure < total / 2 - 1 && callbacks < total / 2 - 1) {
      EXPECT_TRUE(row[12] == "Linux" || row[12] == "in") << seen.lines()[i];
    }
  }
}

TEST_F(ScriptTest, Retries) {
  const Watched seen = watch("retries", "--null 10 --callback 2 --busy 3 --interrupted 1");
  EXPECT_EQ(seen.sum("@answers", "smc,busy .EBUSY."), 3) << seen.all();
  EXPECT_EQ(seen.sum("@answers", "smc,interrupted"), 1);
  EXPECT_EQ(seen.sum("@answers", "smc,callback"), 2);
  EXPECT_GE(seen.sum("@answers", "smc,final"), 10 + 2 + 1 + 1);
  EXPECT_EQ(seen.sum("@after_us", "busy .EBUSY."), 3);
  EXPECT_EQ(seen.sum("@after_us", "interrupted"), 1);
  EXPECT_EQ(seen.sum("@entries"), seen.sum("@answers", "smc,final")) << "one final answer for each";
}

TEST_F(ScriptTest, Pools) {
  const Watched seen = watch("pools", "--null 10 --miss 2");
  EXPECT_EQ(seen.sum("@miss", "2048k,qtee-load"), 2) << seen.all();
  EXPECT_EQ(seen.sum("@wait_us", "2048k"), 2);
  EXPECT_EQ(seen.sum("@grow", "2048k"), 2);
  EXPECT_GE(seen.sum("@shrink", "2048k"), 1);
  EXPECT_EQ(seen.sum("@most", "2048k"), 1);
}

TEST_F(ScriptTest, Memory) {
  const Parameter forever("memory_idle_ms", 3'600'000, "qtee_mem");
  const Watched seen = watch("memory", "--memory 2 --null 5 --keep 1 --keeper " + std::string(kKeeper));
  keeper_end();
  EXPECT_EQ(seen.count("@mapped", "udmabuf,qtee-load"), 2) << seen.all();
  EXPECT_EQ(seen.sum("@mapped", "udmabuf,qtee-load"), 2 * 8192);
  EXPECT_EQ(seen.sum("@maps_left", ".*"), 2 * 8192) << "somebody still has it";
  EXPECT_GE(seen.sum("@bridged", "qtee-load"), 2 * 8192);
  EXPECT_GE(seen.sum("@bridges_left", ".*"), 2 * 8192);
  EXPECT_EQ(seen.sum("@told", "[01]"), 2);
  EXPECT_EQ(seen.sum("@failed", ".*"), -1);
}

TEST_F(ScriptTest, MemoryThatGoes) {
  const Parameter at_once("memory_idle_ms", 0, "qtee_mem");
  const Watched seen = watch("memory", "--memory 2 --null 5 --work 3 --work-ms 200");
  EXPECT_EQ(seen.count("@unmapped"), 2) << seen.all();
  EXPECT_EQ(seen.sum("@unmapped"), 2 * 8192);
  EXPECT_EQ(seen.sum("@maps_left", ".*"), -1);
  EXPECT_GE(seen.sum("@deleted"), 2);
}

TEST_F(ScriptTest, Objects) {
  const Watched seen = watch("objects", "--create 7 --keep 3 --keeper " + std::string(kKeeper));
  keeper_end();
  EXPECT_EQ(seen.sum("@created", "QTEE's,qtee-load"), 1 + 7 + 3) << seen.all();
  EXPECT_EQ(seen.sum("@released", "0"), 7);
  EXPECT_GE(seen.sum("@waiting"), 1);
  const auto left = seen.rows(0, "QTEE's");
  EXPECT_EQ(left.size(), 1u + 3u) << "the service's own is kept as well";
  std::set<std::string> ids;
  for (const auto& row : left) {
    ASSERT_EQ(row.size(), 5u);
    ids.insert(row[1]);
    EXPECT_EQ(row[4], "qtee-load");
  }
  EXPECT_EQ(ids.size(), left.size());
}

TEST_F(ScriptTest, Errors) {
  const Watched seen = watch("errors", "--null 3 --fail 3 --result -92 --efault 2 --unanswered 1 --busy 2");
  EXPECT_EQ(seen.sum("@result", "qtee-load,[0-9]+,3,-92"), 3) << seen.all();
  EXPECT_EQ(seen.sum("@error", "qtee-load,[0-9]+,1,-14"), 2);
  EXPECT_EQ(seen.sum("@callback", "1,-92,-2"), 1);
  EXPECT_EQ(seen.sum("@smc", "4,-16"), 2);
  EXPECT_EQ(seen.sum("@error", ".*"), 2) << "and no others";
  EXPECT_EQ(seen.sum("@map", ".*"), -1);
}

TEST_F(ScriptTest, Who) {
  const Watched seen = watch("who", "--null 30 --work 4 --work-ms 5");
  // COMM PID CALLS TOTAL_MS SECURE_MS CALLBACK_MS
  const auto rows = seen.rows(0, "qtee-load");
  ASSERT_EQ(rows.size(), 1u) << seen.all();
  EXPECT_EQ(number(rows[0][2]), 1 + 30 + 4);
  EXPECT_GE(number(rows[0][4]), 20);
  EXPECT_GE(number(rows[0][3]), number(rows[0][4]));
  EXPECT_EQ(number(rows[0][5]), 0);
  EXPECT_GE(seen.sum("@busiest"), 1);
}

TEST_F(ScriptTest, EachScriptHasATest) {
  std::set<std::string> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(kScripts)) scripts.insert(entry.path().stem());
  EXPECT_EQ(scripts, (std::set<std::string>{"callbacks", "errors", "latency", "memory", "objects", "phases", "pools",
                                            "retries", "slow", "who"}));
}

}  // namespace
}  // namespace qtee::test
