// SPDX-License-Identifier: BSD-3-Clause
//
// A machine that is to sleep freezes all processes first: who waits for a callback, or for a request, must let itself
// be frozen, and knows nothing of it afterwards. Only the freezing is done: nothing here would wake the machine.
#include <future>

#include "file.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kCallback = 8;

// 0 when every process could be frozen.
int freeze() { return file_write("/sys/power/state", "freeze"); }

class SuspendTest : public UserTest {
 protected:
  void SetUp() override {
    if (file_write("/sys/power/pm_test", "freezer") != 0) GTEST_SKIP() << "this kernel can't try to sleep";
    file_write("/sys/module/suspend/parameters/pm_test_delay", "0");
    file_write("/sys/power/pm_freeze_timeout", "5000");
    ASSERT_EQ(freeze(), 0) << "before anybody waits";
  }
  void TearDown() override { file_write("/sys/power/pm_test", "none"); }

  std::int32_t call(int server) {
    vsoc::CallbackRequest head{0, 1};
    RawInvoke invocation(kCallback, {param_in(&head, sizeof(head)), param_object(1, server)});
    const int error = invocation.invoke(service_.object().fd());
    return error != 0 ? 1000 + error : invocation.head().result;
  }
};

TEST_F(SuspendTest, AnInvokerThatWaitsForItsServerIsFrozen) {
  const FileDescriptor server = server_open();
  auto answer = std::async(std::launch::async, [&] { return call(server.get()); });
  EXPECT_TRUE(server_wait(server.get()));
  EXPECT_EQ(freeze(), 0);
  RawRequest request;
  ASSERT_EQ(request.receive(server.get()), 0);
  EXPECT_EQ(request.reply(server.get(), 7), 0);
  EXPECT_EQ(answer.get(), 7);
}

TEST_F(SuspendTest, AServerThatWaitsForARequestIsFrozenAndGoesOn) {
  const FileDescriptor server = server_open();
  auto served = std::async(std::launch::async, [&] {
    RawRequest request;
    if (const int error = request.receive(server.get())) return error;
    return request.reply(server.get(), 9);
  });
  EXPECT_EQ(served.wait_for(500ms), std::future_status::timeout);
  EXPECT_EQ(freeze(), 0);
  EXPECT_EQ(call(server.get()), 9);
  EXPECT_EQ(served.get(), 0) << "the server saw an errno";
}

}  // namespace
}  // namespace qtee::test
