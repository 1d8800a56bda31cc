// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <latch>
#include <thread>

#include "bpf_test.hpp"
#include "terminal.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

class TopTest : public BpfTest {
 protected:
  /// The one line of `type` and `scope` in which `key` is `value`.
  static Json line(const ToolOutput& output, const char* type, const char* scope, const char* key,
                   const std::string& value) {
    Json found;
    for (const Json& line : output.json(type)) {
      if (line.value("scope", "") != scope || line.at(key) != Json(value)) continue;
      EXPECT_TRUE(found.is_null()) << line;
      found = line;
    }
    EXPECT_FALSE(found.is_null()) << type << " with " << key << " " << value << "\n" << output.out;
    return found;
  }
  static std::uint64_t sum(const ToolOutput& output, const char* type, const char* key) {
    std::uint64_t sum = 0;
    for (const Json& line : output.json(type)) sum += line.at(key).get<std::uint64_t>();
    return sum;
  }
};

TEST_F(TopTest, KnownLoadIsCountedAndItsTimeIsWhereItWas) {
  Tool top(
      {"qtee-top",  "--json",   "--interval", "100ms",         "--overhead", "--process", "qtee-load", "--",
       "qtee-load", "--null",   "200",        "--work",        "5",          "--work-ms", "20",        "--callback",
       "3",         "--repeat", "2",          "--callback-ms", "20",         "--fail",    "4",         "--result",
       "-92",       "--miss",   "2"});
  const ToolOutput output = top.wait();
  EXPECT_EQ(output.status, 0) << output.remarks;
  const auto row = [&](Op op) {
    // The root object has an operation 0, too.
    for (const Json& row : output.json("row"))
      if (row.at("scope") == "summary" && row.at("op") == number(op) && row.at("object") != 1) return row;
    ADD_FAILURE() << "operation " << number(op) << "\n" << output.out;
    return Json::parse(R"({"calls": 0, "failed": 0, "callbacks": 0, "phases": {}})");
  };
  const Json works = row(Op::work), callbacks = row(Op::callback), fails = row(Op::fail);
  EXPECT_EQ(row(Op::null).at("calls"), 200);
  EXPECT_EQ(works.at("calls"), 5);
  EXPECT_GE(works.at("phases").at("secure").at("sum_ns"), 5 * kDelay);
  EXPECT_EQ(callbacks.at("calls"), 3);
  EXPECT_EQ(callbacks.at("callbacks"), 6);
  EXPECT_GE(callbacks.at("phases").at("server").at("sum_ns"), 6 * kDelay);
  EXPECT_EQ(fails.at("failed"), 4);
  EXPECT_EQ(fails.at("process"), "qtee-load");

  const std::vector<Json> summary = output.json("summary"), end = output.json("end");
  ASSERT_EQ(summary.size(), 1u);
  ASSERT_EQ(end.size(), 1u);
  EXPECT_EQ(summary[0].at("failed"), 4);
  EXPECT_GE(summary[0].at("phases").at("server"), 6 * kDelay);
  EXPECT_EQ(end[0].at("calls"), summary[0].at("calls"));
  EXPECT_EQ(end[0].at("lost"), 0);
  EXPECT_EQ(end[0].at("without_key"), 0);
  EXPECT_GT(sum(output, "interval", "calls"), 0u) << "there were intervals";
  EXPECT_LE(sum(output, "interval", "calls"), summary[0].at("calls"));
  EXPECT_GE(sum(output, "overhead", "runs"), summary[0].at("calls"));

  const Json pairs = line(output, "pool", "summary", "pool", "pairs"),
             large = line(output, "pool", "summary", "pool", "2048k");
  EXPECT_GE(pairs.at("hits").get<std::uint64_t>() + pairs.at("misses").get<std::uint64_t>(), 200u);
  EXPECT_GE(pairs.at("in_use"), 1) << "one is kept for releases";
  EXPECT_EQ(large.at("misses"), 2);
  EXPECT_GT(large.at("waited_ns"), 0);
  EXPECT_EQ(large.at("size"), 2 << 20);
}

TEST_F(TopTest, CallbacksUnderWayHaveTheirServer) {
  std::latch go(1);
  CallbackObject held = server_.add([&](CallbackRequest&) {
    go.wait();
    return Result::ok;
  });
  Tool top({"qtee-top", "--json", "--interval", "50ms", "--process", own_pid()});
  std::jthread invoker([&] { service_.object().call(Op::callback, vsoc::CallbackRequest{kCallbackOp, 1}, held); });
  Json seen;
  for (int i = 0; i < 1200 && seen.is_null(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::string out = top.out();
    // The last line may not be whole.
    out.resize(out.rfind('\n') == out.npos ? 0 : out.rfind('\n') + 1);
    for (const Json& line : ToolOutput{0, out, ""}.json("callback"))
      if (line.at("state") == "served") seen = line;
  }
  go.count_down();
  invoker.join();
  null(1);
  const ToolOutput output = top.stop();
  ASSERT_FALSE(seen.is_null()) << output.out;
  EXPECT_EQ(seen.at("op"), kCallbackOp);
  EXPECT_EQ(seen.at("pid"), ::getpid());
  EXPECT_EQ(seen.at("server_pid"), ::getpid());
  EXPECT_EQ(seen.at("process"), "test_bpf");
  EXPECT_GE(seen.at("object"), 0x80000000u);
  EXPECT_GE(seen.at("age_ns"), seen.at("server_ns"));
  EXPECT_EQ(output.json("summary").at(0).at("calls"), 2);
  EXPECT_EQ(output.json("end").at(0).at("lost"), 0);
  held = {};
}

TEST_F(TopTest, LinesWhereThereIsNoTerminal) {
  Tool top({"qtee-top", "--process", own_pid(), "--by", "operation", "--sort", "calls"});
  null(30);
  work(1);
  const ToolOutput output = top.stop(SIGTERM);
  EXPECT_EQ(output.status, 0) << output.remarks;
  EXPECT_EQ(output.out.find('\033'), std::string::npos);
  const std::vector<std::string> lines = output.lines();
  const auto summary =
      std::ranges::find_if(lines, [](const std::string& line) { return line.starts_with("qtee-top summary"); });
  ASSERT_NE(summary, lines.end()) << output.out;
  const auto head =
      std::find_if(summary, lines.end(), [](const std::string& line) { return line.starts_with("OPERATION"); });
  ASSERT_LT(lines.end() - head, 5) << output.out;
  ASSERT_GE(lines.end() - head, 3) << output.out;
  EXPECT_TRUE(head[1].starts_with("0 ")) << "most calls first: " << head[1];
  EXPECT_TRUE(head[2].starts_with("4 ")) << head[2];
}

TEST_F(TopTest, AScreenInATerminal) {
  Terminal terminal({"qtee-top", "--interval", "100ms", "--process", own_pid()}, 100, 24);
  const termios before = terminal.settings();
  const auto has = [](const std::string& text) {
    return [text](const std::vector<std::string>& lines) {
      return std::ranges::any_of(lines, [&](const std::string& line) { return line.find(text) != line.npos; });
    };
  };
  const auto fits = [](std::size_t width, std::size_t height) {
    return [=](const std::vector<std::string>& lines) {
      return lines.size() == height &&
             std::ranges::all_of(lines, [&](const std::string& line) { return line.size() <= width; });
    };
  };
  terminal.shown(has("q quit"));
  EXPECT_EQ(terminal.settings().c_lflag & (ICANON | ECHO), 0u);
  std::jthread load([&](std::stop_token stop) {
    while (!stop.stop_requested()) service_.null();
  });
  std::vector<std::string> lines = terminal.shown(has("test_bpf "));
  EXPECT_TRUE(fits(100, 24)(lines));
  EXPECT_TRUE(has("secure world")(lines));
  EXPECT_TRUE(has("PID")(lines));
  terminal.resize(40, 12);
  lines = terminal.shown(fits(40, 12));
  EXPECT_TRUE(has("PROCESS")(lines) && has("%SEC")(lines));
  EXPECT_FALSE(has("PID")(lines));
  terminal.resize(100, 24);
  terminal.shown(fits(100, 24));
  terminal.type("1");
  terminal.shown([&](const auto& lines) { return !has("PROCESS")(lines) && has("OBJECT")(lines); });
  terminal.type("\033[A");  // a key that does nothing
  terminal.type("s");
  terminal.shown(has("sort by: calls"));
  load.request_stop();
  load.join();
  terminal.type("q");
  EXPECT_EQ(terminal.wait(), 0) << terminal.written();
  const std::size_t left = terminal.written().rfind("\033[?1049l");
  ASSERT_NE(left, std::string::npos);
  EXPECT_LT(terminal.written().rfind("\033[J"), left) << "nothing is drawn on the other screen";
  EXPECT_NE(terminal.written().find("qtee-top summary", left), std::string::npos) << terminal.written().substr(left);
  const termios after = terminal.settings();
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_TRUE(std::ranges::equal(after.c_cc, before.c_cc));
}

TEST_F(TopTest, CtrlCLeavesTheTerminalAsItWas) {
  Terminal terminal({"qtee-top"}, 80, 24);
  const termios before = terminal.settings();
  terminal.shown([](const auto& lines) { return lines.size() == 24; });
  terminal.type("\003");
  EXPECT_EQ(terminal.wait(), 0) << terminal.written();
  EXPECT_NE(terminal.written().rfind("\033[?25h"), std::string::npos) << "the cursor";
  EXPECT_NE(terminal.written().find("qtee-top summary"), std::string::npos);
  const termios after = terminal.settings();
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_TRUE(std::ranges::equal(after.c_cc, before.c_cc));
}

}  // namespace
}  // namespace qtee::test
