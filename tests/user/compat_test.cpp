// SPDX-License-Identifier: BSD-3-Clause
//
// What the width of a caller must not change. Where a caller has 32-bit addresses, the upper half of every address that
// it gives is zero, and the driver believes what stands there.
#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <future>

#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kEcho = 1, kCallback = 8;

// Addresses that differ from one of ours in the upper half only: the last one as a pointer is when it was extended by
// sign.
std::vector<std::uint64_t> strays(const void* memory) {
  const std::uint64_t ours = reinterpret_cast<std::uintptr_t>(memory);
  std::vector<std::uint64_t> addresses = {ours | std::uint64_t{1} << 63, ours | std::uint64_t{0xFFFFFFFF} << 32};
  if (sizeof(void*) == 4) addresses.push_back(ours | std::uint64_t{1} << 32);
  return addresses;
}

class CompatTest : public UserTest {
 protected:
  int fd() const { return service_.object().fd(); }

  static int ioctl_at(int fd, unsigned long command, std::uint64_t address, std::uint64_t size) {
    qcom_tee_ioctl_data data{address, size};
    return ::ioctl(fd, command, &data) < 0 ? errno : 0;
  }
};

TEST_F(CompatTest, UpperHalfOfAnInvokersAddress) {
  std::uint64_t in = 7, out = 0;
  RawInvoke echo(kEcho, {param_in(&in, 8), param_out(&out, 8)});
  for (const std::uint64_t stray : strays(echo.words.data())) {
    EXPECT_EQ(ioctl_at(fd(), QCOM_TEE_IOCTL_INVOKE, stray, echo.words.size() * 8), EFAULT) << std::hex << stray;
  }
  for (int index = 0; index < 2; ++index) {
    const std::uint64_t ours = echo.param(index).buffer.addr;
    for (const std::uint64_t stray : strays(index == 0 ? &in : &out)) {
      echo.param(index).buffer.addr = stray;
      EXPECT_EQ(echo.invoke(fd()), EFAULT) << std::hex << stray;
    }
    echo.param(index).buffer.addr = ours;
  }
  EXPECT_EQ(out, 0u);
  EXPECT_EQ(echo.invoke(fd()), 0);
  EXPECT_EQ(out, 7u);
}

TEST_F(CompatTest, UpperHalfOfAServersAddress) {
  std::future<std::uint64_t> answer;  // ends after the server, whose end ends the invocation
  const FileDescriptor server = server_open(O_NONBLOCK);
  answer = std::async(std::launch::async, [this, host = server.get()] {
    const vsoc::CallbackRequest call{3, 1};
    std::uint64_t out = 0;
    RawInvoke invocation(kCallback, {param_in(&call, sizeof call), param_out(&out, 8), param_object(7, host)});
    return invocation.invoke(fd()) == 0 && invocation.head().result == 0 ? out : 0;
  });
  ASSERT_TRUE(server_wait(server.get()));

  RawRequest request;
  request.head().num_params = request.room;
  for (const std::uint64_t stray : strays(request.words.data())) {
    EXPECT_EQ(ioctl_at(server.get(), QCOM_TEE_IOCTL_RECEIVE, stray, request.words.size() * 8), EFAULT)
        << std::hex << stray;
  }
  ASSERT_EQ(request.receive(server.get()), 0) << "it waits";
  ASSERT_EQ(request.head().num_params, 1u);

  std::uint64_t word = 4711;
  for (const std::uint64_t stray : strays(&word)) {
    request.param(0).buffer = {stray, 8};
    EXPECT_EQ(request.reply(server.get()), EFAULT) << std::hex << stray;
  }
  request.param(0) = param_out(&word, 8);
  for (const std::uint64_t stray : strays(request.words.data())) {
    EXPECT_EQ(ioctl_at(server.get(), QCOM_TEE_IOCTL_REPLY, stray, 24 + 24), EFAULT) << std::hex << stray;
  }
  EXPECT_EQ(request.reply(server.get()), 0);
  EXPECT_EQ(answer.get(), 4711u);
}

TEST_F(CompatTest, UpperHalfOfAnExtensionsAddress) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  qcom_tee_version_arg version{};
  for (const std::uint64_t stray : strays(&version)) {
    EXPECT_EQ(ioctl_at(server.get(), QCOM_TEE_IOCTL_VERSION, stray, sizeof version), EFAULT) << std::hex << stray;
    EXPECT_EQ(ioctl_at(root_.object().fd(), QCOM_TEE_IOCTL_VERSION, stray, sizeof version), EFAULT)
        << std::hex << stray;
    EXPECT_EQ(ioctl_at(server.get(), QCOM_TEE_IOCTL_SERVER, stray, sizeof version), EFAULT) << std::hex << stray;
  }
  EXPECT_EQ(version.version, 0u);

  RawRequest request;
  qcom_tee_reply_receive_arg both{0, 0, 0, request.words.size() * 8};
  const std::uint64_t ours = reinterpret_cast<std::uintptr_t>(&both);
  for (const std::uint64_t stray : strays(request.words.data())) {
    both.receive_ptr = stray;
    EXPECT_EQ(ioctl_at(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, ours, sizeof both), EFAULT) << std::hex << stray;
  }
  both = {0, sizeof(qcom_tee_cb_arg), reinterpret_cast<std::uintptr_t>(request.words.data()), request.words.size() * 8};
  for (const std::uint64_t stray : strays(request.words.data())) {
    both.reply_ptr = stray;
    EXPECT_EQ(ioctl_at(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, ours, sizeof both), EFAULT) << std::hex << stray;
  }
  both.reply_len = 0;
  EXPECT_EQ(ioctl_at(server.get(), QCOM_TEE_IOCTL_REPLY_RECEIVE, ours, sizeof both), EAGAIN) << "nothing to receive";
}

}  // namespace
}  // namespace qtee::test
