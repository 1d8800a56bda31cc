// SPDX-License-Identifier: BSD-3-Clause
//
// What the user API has beyond its first version.
#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kCallback = 8;

class ExtensionTest : public UserTest {
 protected:
  // Calls the server's object `repeat` times in one invocation.
  std::thread invoker(int server, std::uint32_t repeat, std::atomic<int>& result) {
    return std::thread([=, this, &result] {
      const vsoc::CallbackRequest request{3, repeat};
      RawInvoke invocation(kCallback, {param_in(&request, sizeof request), param_object(7, server)});
      const int error = invocation.invoke(service_.object().fd());
      result = error != 0 ? -1000 - error : invocation.head().result;
    });
  }
};

TEST_F(ExtensionTest, TheVersionTellsWhatThereIs) {
  const FileDescriptor server = server_open();
  const FileDescriptor root = root_open();
  for (const int fd : {server.get(), root.get()}) {
    qcom_tee_version_arg version{};
    EXPECT_EQ(raw_ioctl_with(fd, QCOM_TEE_IOCTL_VERSION, version), 0);
    EXPECT_EQ(version.version, 1u);
    EXPECT_EQ(version.features, QCOM_TEE_FEATURE_REPLY_RECEIVE | QCOM_TEE_FEATURE_SERVER_TIMEOUT |
                                    QCOM_TEE_FEATURE_ALLOC | QCOM_TEE_FEATURE_MESSAGE_BUFFER);
    EXPECT_EQ(raw_ioctl_with(fd, QCOM_TEE_IOCTL_VERSION, version, 4), EINVAL);
  }
  qcom_tee_version_arg version{};
  EXPECT_EQ(raw_ioctl_with(service_.object().fd(), QCOM_TEE_IOCTL_VERSION, version), ENOTTY);
}

TEST_F(ExtensionTest, ReplyAndReceiveInOneCall) {
  const FileDescriptor server = server_open();
  std::atomic<int> result{-1};
  constexpr std::uint32_t kCalls = 50;
  std::thread thread = invoker(server.get(), kCalls, result);

  RawRequest request(4096);
  request.head().num_params = QCOM_TEE_PARAMS_MAX;
  const auto buffer = reinterpret_cast<std::uintptr_t>(request.words.data());
  qcom_tee_reply_receive_arg both{0, 0, buffer, request.words.size() * 8};
  for (std::uint32_t call = 0; call < kCalls; ++call) {
    ASSERT_EQ(raw_ioctl_with(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, both), 0);
    EXPECT_EQ(both.reply_len, 0u) << "the reply was taken";
    ASSERT_NE(request.head().request_id, 0u);
    EXPECT_EQ(request.head().op, 3u);
    // The reply is read before the next request is written: one buffer does for both, with room for more parameters.
    request.head().result = 0;
    both.reply_ptr = buffer;
    both.reply_len = sizeof(qcom_tee_cb_arg) + request.head().num_params * sizeof(qcom_tee_param);
  }
  // The last reply, and then the news that QTEE let the object go.
  ASSERT_EQ(raw_ioctl_with(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, both), 0);
  EXPECT_EQ(request.head().request_id, 0u);
  EXPECT_EQ(request.head().op, std::uint32_t{QCOM_TEE_OP_RELEASE});
  thread.join();
  EXPECT_EQ(result, 0);
}

TEST_F(ExtensionTest, AReplyThatFailsReceivesNothing) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  RawRequest request;
  request.head() = {};
  request.head().request_id = 12345;
  const auto buffer = reinterpret_cast<std::uintptr_t>(request.words.data());
  qcom_tee_reply_receive_arg both{buffer, sizeof(qcom_tee_cb_arg), buffer, request.words.size() * 8};
  EXPECT_EQ(raw_ioctl_with(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, both), ENOENT);
  EXPECT_NE(both.reply_len, 0u);
  both.reply_len = 0;
  EXPECT_EQ(raw_ioctl_with(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, both), EAGAIN);
  EXPECT_EQ(raw_ioctl_with(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, both, 8), EINVAL);
}

TEST_F(ExtensionTest, AServerThatIsLateIsNotWaitedFor) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  qcom_tee_server_arg set{100, 0};
  ASSERT_EQ(raw_ioctl_with(server.get(), QCOM_TEE_IOCTL_SERVER, set), 0);
  std::atomic<int> result{-1};
  std::thread thread = invoker(server.get(), 1, result);
  ASSERT_TRUE(server_wait(server.get()));
  RawRequest request;
  ASSERT_EQ(request.receive(server.get()), 0);
  thread.join();
  EXPECT_EQ(result, -103) << "TIMEOUT";
  EXPECT_EQ(request.reply(server.get()), ENOENT);

  set.reserved = 1;
  EXPECT_EQ(raw_ioctl_with(server.get(), QCOM_TEE_IOCTL_SERVER, set), EINVAL);
}

}  // namespace
}  // namespace qtee::test
