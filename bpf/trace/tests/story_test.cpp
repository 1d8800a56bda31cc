// SPDX-License-Identifier: BSD-3-Clause
//
// What qtee-trace makes of records.
#include "story.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <cstring>
#include <string>
#include <vector>

namespace qtee::bpf {
namespace {

constexpr std::uint32_t kClient = 100, kServer = 200;

/// Records, each a millisecond after the one before, and the lines that come of them.
class StoryTest : public ::testing::Test {
 protected:
  trace_record& record(trace_kind kind, std::uint64_t invocation, std::uint32_t tid = kClient) {
    record_ = {};
    record_.kind = kind;
    record_.invocation = invocation;
    record_.time = now_ += 1'000'000;
    record_.tgid = record_.tid = tid;
    std::strcpy(record_.comm, tid == kClient ? "client" : "server");
    record_.object = kind == TRACE_CALLBACK_REQUEST || kind == TRACE_CALLBACK_END ? 0x80000001 : 0x4000;
    record_.op = 7;
    return record_;
  }
  void add() { story_.add(record_); }
  void add(trace_kind kind, std::uint64_t invocation, std::uint32_t tid = kClient) {
    record(kind, invocation, tid);
    add();
  }
  void begin(std::uint64_t invocation, std::uint32_t tid = kClient, std::uint64_t parent = 0) {
    record(TRACE_INVOKE_BEGIN, invocation, tid).parent = parent;
    add();
  }
  void end(std::uint64_t invocation, std::uint32_t tid = kClient) {
    trace_record& end = record(TRACE_INVOKE_END, invocation, tid);
    end.total = 4'000'000;
    end.in = 1'000'000;
    end.secure = 2'000'000;
    add();
  }

  std::vector<std::string> lines_;
  TextTeller teller_{[this](std::string_view line) { lines_.emplace_back(line); }, false};
  Story story_{teller_};
  trace_record record_{};
  std::uint64_t now_ = 0;
};

using Lines = std::vector<std::string>;

TEST_F(StoryTest, ACallIsALine) {
  trace_record& call = record(TRACE_INVOKE_BEGIN, 1);
  call.ib = 2;
  call.in_bytes = 12;
  call.oo = 1;
  add();
  EXPECT_TRUE(lines_.empty()) << "its result is not known";
  end(1);
  EXPECT_EQ(lines_, (Lines{"client[100]             0x4000.7(12 B in, 1 object out) = 0(OK) "
                           "<4.00 ms: 1.00 ms in, 2.00 ms QTEE, 1.00 ms out>"}));
  EXPECT_EQ(story_.invocations(), 1u);
  EXPECT_EQ(story_.under_way(), 0u);
}

TEST_F(StoryTest, ErrorsAndRetriesAreTold) {
  begin(1);
  trace_record& call = record(TRACE_INVOKE_END, 1);
  call.error = -11;
  call.result = -99;
  call.total = 5'000'000;
  call.busy = 21;
  add();
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_NE(lines_[0].find("= error -11(EAGAIN) <5.00 ms"), std::string::npos) << lines_[0];
  EXPECT_NE(lines_[0].find("; 21 times busy>"), std::string::npos) << lines_[0];
}

TEST_F(StoryTest, ACallbackLiesWithinItsInvocation) {
  begin(1);
  add(TRACE_CALLBACK_REQUEST, 1);
  add(TRACE_CALLBACK_RECEIVE, 1, kServer);
  add(TRACE_CALLBACK_REPLY, 1, kServer);
  add(TRACE_CALLBACK_END, 1);
  end(1);
  EXPECT_EQ(lines_, (Lines{
                        "client[100]             0x4000.7() {",
                        "server[200]               callback 0x80000001.7() = 0(OK) "
                        "<3.00 ms, by server[200] after 1.00 ms, 1.00 ms there, 1.00 ms back>",
                        "client[100]             } 0x4000.7 = 0(OK) <4.00 ms: 1.00 ms in, 2.00 ms QTEE, 1.00 ms out>",
                    }));
  EXPECT_EQ(story_.callbacks(), 1u);
}

TEST_F(StoryTest, WhatTheServerInvokesLiesWithinTheCallback) {
  begin(1);
  add(TRACE_CALLBACK_REQUEST, 1);
  add(TRACE_CALLBACK_RECEIVE, 1, kServer);
  begin(2, kServer, 1);
  end(2, kServer);
  add(TRACE_CALLBACK_REPLY, 1, kServer);
  add(TRACE_CALLBACK_END, 1);
  end(1);
  ASSERT_EQ(lines_.size(), 5u);
  EXPECT_EQ(lines_[0], "client[100]             0x4000.7() {");
  EXPECT_EQ(lines_[1], "server[200]               callback 0x80000001.7() {");
  EXPECT_EQ(lines_[2].find("0x4000.7() = 0(OK)"), 28u) << lines_[2];
  EXPECT_EQ(lines_[3].find("} callback 0x80000001.7 = 0(OK)"), 26u) << lines_[3];
  EXPECT_EQ(lines_[4].find("} 0x4000.7 = 0(OK)"), 24u) << lines_[4];
}

TEST_F(StoryTest, InvocationsOfSeveralThreadsDoNotMix) {
  begin(1);
  begin(2, kServer);
  end(1);
  end(2, kServer);
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_EQ(lines_[0].find("client[100]"), 0u);
  EXPECT_EQ(lines_[1].find("server[200]"), 0u);
}

TEST_F(StoryTest, AServerThatDiesIsTold) {
  begin(1);
  add(TRACE_CALLBACK_REQUEST, 1);
  add(TRACE_CALLBACK_RECEIVE, 1, kServer);
  trace_record& failed = record(TRACE_CALLBACK_END, 1);
  failed.error = -19;
  add();
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_NE(lines_[1].find("= error -19(ENODEV) <2.00 ms, by server[200] after 1.00 ms, which did not answer>"),
            std::string::npos)
      << lines_[1];
}

TEST_F(StoryTest, WithoutAServerTheKernelsObjectIsNamed) {
  begin(1);
  add(TRACE_CALLBACK_REQUEST, 1);
  std::strcpy(record(TRACE_CALLBACK_END, 1).name, "primordial");
  add();
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_NE(lines_[1].find("by primordial>"), std::string::npos) << lines_[1];
}

TEST_F(StoryTest, WithoutABeginNothingIsTold) {
  end(1);
  add(TRACE_CALLBACK_END, 2);
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(story_.strays(), 2u);
}

TEST_F(StoryTest, WhatNeverEndsDoesNotGrowForEver) {
  for (std::uint64_t i = 1; i <= 3 * Story::kUnderWay; ++i) begin(i);
  EXPECT_LE(story_.under_way(), Story::kUnderWay);
  end(3 * Story::kUnderWay);
  EXPECT_EQ(lines_.size(), 1u) << "the newest are kept";
}

TEST_F(StoryTest, LinesOfJsonHaveBothSides) {
  std::vector<Json> json;
  JsonTeller teller([&](const Json& line) { json.push_back(line); });
  Story story(teller);
  const auto tell = [&](trace_kind kind, std::uint32_t tid) {
    record(kind, 5, tid);
    story.add(record_);
  };
  tell(TRACE_INVOKE_BEGIN, kClient);
  tell(TRACE_CALLBACK_REQUEST, kClient);
  tell(TRACE_CALLBACK_RECEIVE, kServer);
  tell(TRACE_CALLBACK_REPLY, kServer);
  tell(TRACE_CALLBACK_END, kClient);
  tell(TRACE_INVOKE_END, kClient);
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["type"], "callback");
  EXPECT_EQ(json[0]["schema"], kSchema);
  EXPECT_EQ(json[0]["invocation"], "0x5");
  EXPECT_EQ(json[0]["process"], "client");
  EXPECT_EQ(json[0]["server_tid"], kServer);
  EXPECT_EQ(json[0]["server_ns"], 1'000'000);
  EXPECT_EQ(json[1]["type"], "invocation");
  EXPECT_EQ(json[1]["parent"], nullptr);
}

}  // namespace
}  // namespace qtee::bpf
