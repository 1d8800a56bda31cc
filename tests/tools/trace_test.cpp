// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-trace says what is true of known load.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "alive.hpp"
#include "file.hpp"
#include "user_test.hpp"
#include "watched.hpp"

namespace qtee::test {
namespace {

using Json = nlohmann::json;

constexpr char kTrace[] = "/qtee/bin/qtee-trace";
constexpr char kLoad[] = "/qtee/bin/qtee-load";

std::vector<std::string> with_load(std::vector<std::string> argv, const std::string& load) {
  argv.insert(argv.end(), {"--", kLoad});
  for (const std::string& word : words(load)) argv.push_back(word);
  return argv;
}

class TraceToolTest : public UserTest {
 protected:
  /// Lines of JSON while qtee-load runs; the last one, the end, is in `end_`.
  std::vector<Json> trace(const std::string& load, const std::vector<std::string>& options = {}) {
    std::vector<std::string> argv{kTrace, "--json"};
    argv.insert(argv.end(), options.begin(), options.end());
    const Finished run = program_run(with_load(argv, load));
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.err, "qtee-trace: tracing; Ctrl-C ends it\n");
    std::vector<Json> lines;
    std::istringstream stream(run.out);
    for (std::string line; std::getline(stream, line);) {
      lines.push_back(Json::parse(line, nullptr, false));
      EXPECT_FALSE(lines.back().is_discarded()) << line;
      EXPECT_EQ(lines.back().value("schema", 0), 1);
    }
    if (lines.empty() || lines.back().value("type", "") != "end") {
      ADD_FAILURE() << "no end: " << run.out;
      return lines;
    }
    end_ = lines.back();
    lines.pop_back();
    EXPECT_EQ(end_["lost"], 0);
    return lines;
  }

  static std::vector<Json> of(const std::vector<Json>& lines, const std::string& type, int op) {
    std::vector<Json> found;
    std::copy_if(lines.begin(), lines.end(), std::back_inserter(found),
                 [&](const Json& line) { return line["type"] == type && line["op"] == op && line["object"] != "0x1"; });
    return found;
  }

  Json end_;
};

TEST_F(TraceToolTest, EveryInvocationIsALine) {
  const auto lines = trace("--null 50 --work 3 --work-ms 5 --fail 2 --result -92 --efault 1");
  EXPECT_EQ(of(lines, "invocation", 0).size(), 50u);
  const auto work = of(lines, "invocation", 4), fail = of(lines, "invocation", 3), fault = of(lines, "invocation", 1);
  ASSERT_EQ(work.size(), 3u);
  for (const Json& call : work) {
    EXPECT_EQ(call["process"], "qtee-load");
    EXPECT_EQ(call["in_bytes"], 8);
    EXPECT_EQ(call["in_buffers"], 1);
    EXPECT_EQ(call["result"], 0);
    EXPECT_GE(call["secure_ns"], 5'000'000);
    EXPECT_EQ(call["total_ns"].get<std::int64_t>(),
              call["linux_in_ns"].get<std::int64_t>() + call["secure_ns"].get<std::int64_t>() +
                  call["callback_ns"].get<std::int64_t>() + call["linux_out_ns"].get<std::int64_t>());
  }
  ASSERT_EQ(fail.size(), 2u);
  EXPECT_EQ(fail[0]["result"], -92);
  ASSERT_EQ(fault.size(), 1u);
  EXPECT_EQ(fault[0]["error"], -14);
  std::set<std::string> names;
  for (const Json& line : lines) names.insert(line["invocation"].get<std::string>());
  EXPECT_EQ(names.size(), lines.size());
  EXPECT_EQ(end_["invocations"], lines.size());
}

TEST_F(TraceToolTest, CallbacksHaveTheirServer) {
  const auto lines = trace("--callback 2 --repeat 2 --callback-ms 20");
  const auto calls = of(lines, "invocation", 8), callbacks = of(lines, "callback", 7);
  ASSERT_EQ(calls.size(), 2u);
  ASSERT_EQ(callbacks.size(), 4u);
  EXPECT_EQ(end_["callbacks"], 4);
  std::map<Json, std::int64_t> time;
  for (const Json& callback : callbacks) {
    EXPECT_EQ(callback["server"], "load-server");
    EXPECT_EQ(callback["server_pid"], callback["pid"]);
    EXPECT_NE(callback["server_tid"], callback["tid"]);
    EXPECT_GE(callback["server_ns"], 20'000'000);
    EXPECT_EQ(callback["kind"], "user");
    time[callback["invocation"]] += callback["total_ns"].get<std::int64_t>();
  }
  for (const Json& call : calls) {
    ASSERT_TRUE(time.contains(call["invocation"]));
    EXPECT_GE(call["callback_ns"], 40'000'000);
    EXPECT_GE(call["total_ns"].get<std::int64_t>(), call["callback_ns"].get<std::int64_t>());
  }
}

TEST_F(TraceToolTest, WhatServersInvokeLiesWithin) {
  constexpr int kDepth = 4;
  const auto lines = trace("--nest 4");
  const auto calls = of(lines, "invocation", 7);
  ASSERT_EQ(calls.size(), static_cast<std::size_t>(kDepth) + 1);
  std::map<Json, Json> parent;
  for (const Json& call : calls) parent[call["invocation"]] = call["parent"];
  // The innermost ends first.
  Json name = calls.front()["invocation"];
  int depth = 0;
  for (; !name.is_null() && depth <= kDepth + 1; ++depth) {
    ASSERT_TRUE(parent.contains(name));
    name = parent[name];
  }
  EXPECT_EQ(depth, kDepth + 1);
  EXPECT_EQ(calls.front()["depth"], 2 * kDepth);
  EXPECT_EQ(calls.back()["depth"], 0);
}

TEST_F(TraceToolTest, OnlyWhatIsAskedForAndWhatIsWithin) {
  auto lines = trace("--null 20 --work 2 --work-ms 1", {"--operation", "4"});
  EXPECT_EQ(lines.size(), 2u);
  lines = trace("--null 20", {"--process", "no-such-one"});
  EXPECT_TRUE(lines.empty());
  lines = trace("--null 20", {"--object", "1"});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["operation"], "open");
}

TEST_F(TraceToolTest, RetriesAreCounted) {
  if (file_read(driver_folder() + "objects/transport") == "scm") GTEST_SKIP() << "qcom_scm enters again by itself";
  const auto lines = trace("--busy 3 --interrupted 1");
  std::int64_t busy = 0, interrupted = 0;
  for (const Json& line : lines) {
    busy += line["busy"].get<std::int64_t>();
    interrupted += line["interrupted"].get<std::int64_t>();
  }
  EXPECT_EQ(busy, 3);
  EXPECT_EQ(interrupted, 1);
}

TEST_F(TraceToolTest, LinesForPeopleAreIndented) {
  const Finished run = program_run(with_load({kTrace, "-t"}, "--nest 1"));
  EXPECT_EQ(run.status, 0) << run.err;
  std::vector<std::string> nest;
  std::istringstream stream(run.out);
  for (std::string line; std::getline(stream, line);)
    if (line.find(".7(") != line.npos || line.find("callback 0x") != line.npos || line.find("} 0x") != line.npos)
      nest.push_back(line);
  ASSERT_EQ(nest.size(), 5u) << run.out;
  const std::size_t column = nest[0].find("0x");
  EXPECT_TRUE(nest[0].ends_with("{")) << nest[0];
  EXPECT_EQ(nest[1].find("callback 0x"), column + 2) << nest[1];
  EXPECT_NE(nest[1].find("load-server["), std::string::npos) << nest[1];
  EXPECT_EQ(nest[2].find("0x"), column + 4) << nest[2];
  EXPECT_EQ(nest[3].find("} callback 0x"), column + 2) << nest[3];
  EXPECT_NE(nest[3].find("by load-server["), std::string::npos) << nest[3];
  EXPECT_EQ(nest[4].find("} 0x"), column) << nest[4];
  EXPECT_NE(run.err.find(" invocations, "), std::string::npos) << run.err;
  EXPECT_EQ(run.err.find(" lost"), std::string::npos) << run.err;
}

TEST_F(TraceToolTest, NothingIsLostOrItIsSaid) {
  // A buffer that is too small for a reader that is stopped.
  const Finished run =
      program_run({"sh", "-c",
                   std::string(kTrace) +
                       " --buffer 64 > /dev/null 2> /tmp/said & until grep -q tracing /tmp/said; do sleep 0.1; done; " +
                       "kill -STOP $!; " + kLoad +
                       " --null 3000; kill -CONT $!; kill -INT $!; wait $!; status=$?; cat /tmp/said; exit $status"});
  EXPECT_EQ(run.status, 0) << run.out;
  // "qtee-trace: 123 invocations, 0 callbacks", and then "qtee-trace: 4,567 events were lost"
  std::vector<std::string> seen, lost;
  std::istringstream stream(run.out);
  for (std::string line; std::getline(stream, line);) {
    if (line.find(" invocations, ") != line.npos) seen = words(line);
    if (line.find(" events were lost") != line.npos) lost = words(line);
  }
  ASSERT_EQ(seen.size(), 5u) << run.out;
  EXPECT_GT(std::stoul(seen[1]), 0u) << "those that there was room for";
  EXPECT_LT(seen[1].size(), 4u) << seen[1];
  EXPECT_EQ(lost.size(), 5u) << run.out;
}

}  // namespace
}  // namespace qtee::test
