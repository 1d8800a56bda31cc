// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-lat on mainline's driver, and on our own by the same user API.
#include <unistd.h>

#include <thread>

#include "fixture.hpp"
#include "tool.hpp"

namespace qtee::judge {
namespace {

using test::Json;
using test::Tool;
using test::ToolOutput;
using vsoc::Op;

constexpr std::uint64_t kDelay = 20'000'000;  // ns

class Sleeper final : public tee::Callback {
 public:
  std::int32_t invoke(Request&) override {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kDelay));
    return 0;
  }
};

class LatMainlineTest : public JudgeTest {};

TEST_F(LatMainlineTest, DelaysAreInTheirPhases) {
  const std::uint64_t id = server().add(std::make_shared<Sleeper>());
  Tool lat({"qtee-lat", "--json", "--process", std::to_string(::getpid())});
  for (int i = 0; i < 50; ++i) service().null();
  for (int i = 0; i < 3; ++i) service().work(kDelay);
  // The server's threads were in their receives before the tool was there, and so the first request of each is not
  // timed.
  constexpr int kCallbacks = 12;
  for (int i = 0; i < kCallbacks; ++i) {
    Invocation call = service().call(Op::callback);
    call.in_value(vsoc::CallbackRequest{7, 1}).in_callback(server(), id);
    EXPECT_EQ(service().run(call).result, 0);
  }
  const ToolOutput output = lat.stop();
  EXPECT_EQ(output.status, 0) << output.remarks;
  const auto row = [&](Op op) {
    for (const Json& row : output.json("summary"))
      if (row.at("op") == static_cast<std::uint32_t>(op)) return row;
    ADD_FAILURE() << "operation " << static_cast<std::uint32_t>(op) << "\n" << output.out;
    return Json();
  };
  const Json nulls = row(Op::null), works = row(Op::work), callbacks = row(Op::callback);
  ASSERT_FALSE(nulls.is_null() || works.is_null() || callbacks.is_null());
  EXPECT_EQ(nulls.at("calls"), 50);
  EXPECT_EQ(works.at("calls"), 3);
  EXPECT_EQ(callbacks.at("calls"), kCallbacks);
  EXPECT_EQ(callbacks.at("callbacks"), kCallbacks);
  EXPECT_GE(works.at("phases").at("secure").at("sum_ns"), 3 * kDelay);
  EXPECT_GE(callbacks.at("phases").at("server").at("sum_ns"), 3 * kDelay);
  EXPECT_GE(nulls.at("object"), 2u) << "an id of QTEE's";
  EXPECT_EQ(output.json("end").at(0).at("lost"), 0);
  EXPECT_TRUE(poll_references(server(), id, 0));
  server().remove(id);
}

TEST_F(LatMainlineTest, WaitingForTheMutexIsLinuxTime) {
  if (::access("/sys/kernel/tracing/events/qcom_scm/scm_smc_request", F_OK) != 0)
    GTEST_SKIP() << "qcom_scm has no events in this kernel";
  constexpr unsigned kThreads = 3, kCalls = 4;
  Tool lat({"qtee-lat", "--json", "--by", "operation", "--process", std::to_string(::getpid())});
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        for (unsigned call = 0; call < kCalls; ++call) service().work(kDelay);
      });
  }
  const ToolOutput output = lat.stop();
  EXPECT_EQ(output.status, 0) << output.remarks;
  for (const Json& row : output.json("summary")) {
    if (row.at("op") != static_cast<std::uint32_t>(Op::work)) continue;
    EXPECT_EQ(row.at("calls"), kThreads * kCalls);
    EXPECT_GE(row.at("phases").at("secure").at("sum_ns"), kThreads * kCalls * kDelay);
    // One is in QTEE at a time, whenever they began: each but the first has waited for others.
    EXPECT_GE(row.at("phases").at("linux_in").at("max_ns"), kDelay / 2) << row;
    return;
  }
  ADD_FAILURE() << output.out;
}

}  // namespace
}  // namespace qtee::judge
