// SPDX-License-Identifier: BSD-3-Clause
#include "view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "json.hpp"

namespace qtee::bpf {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

class ViewTest : public ::testing::Test {
 protected:
  ViewTest() {
    state_.now = 5'000 * kMs;
    state_.elapsed_ns = 1'000 * kMs;
    view_.title = "qtee-top 12:00:00";
  }

  /// So many calls, each of that time, of which so much was the secure world's and a server's.
  void calls(const Table::Key& key, const char* process, unsigned count, std::uint64_t total, std::uint64_t secure,
             std::uint64_t server = 0) {
    Table::Row row;
    row.process = process;
    row.calls = count;
    for (unsigned i = 0; i < count; ++i) {
      row.phases[CALLS_TOTAL].add(total);
      row.phases[CALLS_LINUX_IN].add(0);
      row.phases[CALLS_SECURE].add(secure);
      row.phases[CALLS_LINUX_OUT].add(total - secure - server);
      if (server) row.phases[CALLS_SERVER].add(server);
    }
    state_.table.add(key, row);
  }
  void callback(std::uint64_t invocation, std::uint64_t since, top_state state) {
    top_callback one{};
    one.since = since;
    one.received = since + kMs;
    one.object = 0x80000001;
    one.op = 7;
    one.state = state;
    one.tgid = 96;
    one.server = 97;
    std::ranges::copy(std::string("client"), one.comm);
    std::ranges::copy(std::string("server"), one.server_comm);
    state_.callbacks.emplace_back(invocation, one);
  }
  std::vector<Line> lines() const { return top_lines(state_, view_); }
  std::string text() const {
    std::string all;
    for (const Line& line : lines()) all += line.text + "\n";
    return all;
  }
  /// The line that begins so.
  std::string line(const std::string& begin) const {
    for (const Line& one : lines())
      if (one.text.starts_with(begin)) return one.text;
    ADD_FAILURE() << begin << " in\n" << text();
    return "";
  }

  TopState state_;
  TopView view_;
};

TEST_F(ViewTest, RatesAndShares) {
  calls({96, 0x4000, 4}, "client", 20, 25 * kMs, 20 * kMs);
  calls({96, 0x4000, 8}, "client", 10, 50 * kMs, 5 * kMs, 40 * kMs);
  EXPECT_EQ(lines()[0].text,
            "qtee-top 12:00:00 1.00 s: 30.0 calls/s, 0 failed/s, 0 callbacks/s, 1.00 under way on average");
  EXPECT_EQ(lines()[1].text,
            "time: Linux in 0.0 %, secure world 45.0 %, callback 0.0 %, server 40.0 %, Linux out 15.0 %");
  const std::string head = line("PROCESS"), row = line("client               96 0x4000     8");
  EXPECT_NE(row.find(" 10.0 "), std::string::npos) << row;
  EXPECT_NE(row.find(" 0.50 "), std::string::npos) << "half of the time one of these was under way: " << row;
  EXPECT_EQ(head.substr(head.size() - 24), " %IN %SEC  %CB %SRV %OUT");
  EXPECT_EQ(row.substr(row.size() - 24), "   0   10    0   80   10");
  EXPECT_TRUE(std::ranges::any_of(lines(), &Line::head));
}

TEST_F(ViewTest, NothingAtAll) {
  state_.elapsed_ns = 0;
  EXPECT_NE(text().find("0 calls/s"), std::string::npos) << text();
  EXPECT_NE(text().find("secure world -"), std::string::npos) << text();
  EXPECT_TRUE(lines().back().head) << "no rows";
}

TEST_F(ViewTest, RowsAreSortedByWhatIsAskedFor) {
  calls({1, 2, 3}, "often", 100, kMs, 0);
  calls({2, 2, 3}, "long", 2, 300 * kMs, 0);
  calls({3, 2, 3}, "server", 3, 60 * kMs, 0, 50 * kMs);
  const auto first = [&](Sort sort) { return rows_sorted(state_.table, view_.columns, sort).front().second.process; };
  EXPECT_EQ(first(Sort::time), "long");
  EXPECT_EQ(first(Sort::calls), "often");
  EXPECT_EQ(first(Sort::server), "server");
  EXPECT_EQ(first(Sort::mean), "long");
  EXPECT_EQ(first(Sort::max), "long");
  EXPECT_EQ(rows_sorted(state_.table, {Column::object}, Sort::time).size(), 1u) << "others are added up";
  for (std::size_t i = 0; i < kSorts; ++i) EXPECT_EQ(sort_parse(sort_name(static_cast<Sort>(i))), static_cast<Sort>(i));
  EXPECT_THROW(sort_parse("size"), std::invalid_argument);
}

TEST_F(ViewTest, ALineFitsEachWidth) {
  calls({1234567, 0x40000000, 5}, "a-long-process!", 123456, 25 * kMs, 20 * kMs);
  calls({1, 1, 5}, "registrar", 1, 25 * kMs, 20 * kMs);
  callback(1, 1, TOP_SERVED);
  state_.pools["2048k"] = {.size = 1 << 21, .count = 3, .limit = 4, .waiting = 2, .longest_ns = 7, .waited_ns = 9};
  view_.keys = "q quit  s sort by: time  1 process  2 object  3 operation";
  view_.height = 24;
  for (view_.width = 1; view_.width < 200; ++view_.width)
    for (const Line& one : lines()) EXPECT_LE(one.text.size(), view_.width) << one.text;
  view_.width = 80;
  EXPECT_EQ(line("PROCESS").size(), 80u) << "what counts has room on the terminal that all have";
  for (const char* name : {"OBJECT", "OPERATION", "CALLS/S", "BUSY", "%IN", "%SEC", "%CB", "%SRV", "%OUT"})
    EXPECT_NE(line("PROCESS").find(name), std::string::npos) << name;
  EXPECT_EQ(line("PROCESS").find("PID"), std::string::npos);
  view_.width = 200;
  EXPECT_NE(line("PROCESS").find("P99"), std::string::npos);
  EXPECT_NE(text().find("registerWithCredentials"), std::string::npos) << "names have what room there is";
}

TEST_F(ViewTest, AScreenFitsEachHeight) {
  for (std::uint32_t i = 0; i < 50; ++i) calls({i, 2, 3}, "client", i + 1, kMs, 0);
  callback(1, 1, TOP_SERVED);
  view_.keys = "keys";
  view_.limit = 40;
  for (view_.height = 1; view_.height < 70; ++view_.height) {
    const auto shown = lines();
    EXPECT_EQ(shown.size(), view_.height);
    EXPECT_EQ(shown.back().text, "keys");
    if (view_.height >= 6) {
      EXPECT_TRUE(std::ranges::any_of(shown, &Line::head)) << view_.height;
    }
  }
  view_.height = 24;
  EXPECT_NE(text().find("rows more"), std::string::npos);
  EXPECT_NE(text().find("client"), std::string::npos);
  view_.height = 0;
  view_.keys.reset();
  EXPECT_EQ(lines().back().text, "... and 10 rows more");
}

TEST_F(ViewTest, CallbacksSayWhoHasThem) {
  callback(1, 3'000 * kMs, TOP_ASKED);
  callback(2, 4'000 * kMs, TOP_SERVED);
  callback(3, 4'500 * kMs, TOP_ANSWERED);
  callback(4, 4'900 * kMs, TOP_SERVED);
  EXPECT_NE(text().find("callbacks under way: 4\n"), std::string::npos) << text();
  EXPECT_NE(text().find("0x80000001.7 for client[96], 2.00 s ago: nobody has it"), std::string::npos) << text();
  EXPECT_NE(text().find("for client[96], 1.00 s ago: server[97] has had it for 999 ms"), std::string::npos) << text();
  EXPECT_NE(text().find("500 ms ago: answered by server[97]"), std::string::npos) << text();
  EXPECT_EQ(text().find("100 ms ago"), std::string::npos) << "the oldest ones";
}

TEST_F(ViewTest, PoolsThatNobodyUsesAreLeftOut) {
  state_.pools["128k"] = {.size = 1 << 17, .limit = 4};
  state_.pools["pairs"] = {.size = 65536, .count = 9, .idle = 2, .cached = 4, .limit = 128, .hits = 120, .misses = 2};
  EXPECT_NE(text().find("pairs   64 KiB: 3 of 9 in use, at most 128; 120 hits/s, 2.0 misses/s\n"), std::string::npos)
      << text();
  EXPECT_EQ(text().find("128k"), std::string::npos);
  state_.pools["pairs"].waiting = 2;
  state_.pools["pairs"].longest_ns = 30 * kMs;
  EXPECT_NE(text().find("; 2 waiting, the longest for 30.0 ms"), std::string::npos) << text();
}

TEST_F(ViewTest, WhatIsLostIsTold) {
  EXPECT_EQ(text().find("lost"), std::string::npos);
  state_.lost = 1234;
  state_.without_key = 5;
  EXPECT_NE(text().find("1,234 events were lost"), std::string::npos);
  EXPECT_NE(text().find("5 calls have no row"), std::string::npos);
}

TEST_F(ViewTest, NamesCantDriveTheTerminal) {
  calls({1, 2, 3}, "\033[2Jgone\n", 1, kMs, 0);
  callback(1, 1, TOP_SERVED);
  std::ranges::copy(std::string("\033]0;x\a"), state_.callbacks[0].second.comm);
  for (const Line& one : lines())
    EXPECT_TRUE(std::ranges::all_of(one.text, [](char c) { return c >= ' ' && c <= '~'; })) << one.text;
  EXPECT_NE(text().find("?[2Jgone?"), std::string::npos);
}

TEST_F(ViewTest, LinesOfJson) {
  calls({96, 0x4000, 8}, "client", 10, 50 * kMs, 5 * kMs, 40 * kMs);
  callback(0x1000000000001, 4'000 * kMs, TOP_SERVED);
  state_.pools["pairs"] = {.count = 3, .hits = 120};
  std::vector<Json> written;
  const auto write = [&](const Json& line) { written.push_back(line); };
  top_json("interval", state_, view_, write);
  ASSERT_EQ(written.size(), 4u);
  EXPECT_EQ(written[0]["type"], "interval");
  EXPECT_EQ(written[0]["calls"], 10);
  EXPECT_EQ(written[0]["callbacks_under_way"], 1);
  EXPECT_EQ(written[0]["phases"]["server"], 400 * kMs);
  EXPECT_EQ(written[1]["type"], "row");
  EXPECT_EQ(written[1]["scope"], "interval");
  EXPECT_EQ(written[1]["phases"]["server"]["count"], 10);
  EXPECT_EQ(written[2]["pool"], "pairs");
  EXPECT_EQ(written[2]["hits"], 120);
  EXPECT_EQ(written[3]["type"], "callback");
  EXPECT_EQ(written[3]["invocation"], "0x1000000000001");
  EXPECT_EQ(written[3]["age_ns"], 1'000 * kMs);
  EXPECT_EQ(written[3]["server"], "server");
  EXPECT_EQ(written[3]["server_ns"], 999 * kMs);
  for (const Json& line : written) EXPECT_EQ(line["schema"], kSchema);
  written.clear();
  top_json("summary", state_, view_, write);
  ASSERT_EQ(written.size(), 3u);
  EXPECT_EQ(written[2]["scope"], "summary");
}

}  // namespace
}  // namespace qtee::bpf
