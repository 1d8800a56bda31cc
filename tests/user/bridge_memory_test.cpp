// SPDX-License-Identifier: BSD-3-Clause
//
// Bridges of memory that programs ask for, which QTEE refuses to make or to delete. For a machine whose bridges are
// ours (vsoc/run --module-param qtee.shmbridge=own).
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "alive.hpp"
#include "file.hpp"
#include "memory_driver.hpp"
#include "parameter.hpp"
#include "quiet.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::ArmKind;
using vsoc::Op;

class BridgeMemoryTest : public UserTest {
 protected:
  void SetUp() override {
    if (driver_number("statistics/bridges") == 0) GTEST_SKIP() << "there are no bridges of ours";
  }
  void TearDown() override {
    for (const ArmKind kind : {ArmKind::bridge_busy, ArmKind::bridge_fail}) service_.arm(kind, 0);
  }

  /// A message buffer, and gone again: 0 or errno.
  int alloc() {
    qcom_tee_alloc_arg arg{};
    arg.size = 100 << 10;
    arg.host_id = QCOM_TEE_MESSAGE_BUFFER;
    arg.fd_flags = O_RDWR | O_CLOEXEC;
    const int error = raw_ioctl_with(device_.get(), QCOM_TEE_IOCTL_ALLOC, arg);
    if (error == 0) ::close(arg.fd);
    return error;
  }

  FileDescriptor device_ = root_open();
};

// Buffers of programs.
TEST_F(BridgeMemoryTest, ABufferThatCantBeBridgedLeavesNothing) {
  const Parameter most("message_buffers_max_kib", 128, "qtee_user");
  const Still still(service_);
  for (int i = 0; i < 10; ++i) {
    service_.arm(ArmKind::bridge_fail, 1);
    EXPECT_EQ(alloc(), EIO);
    EXPECT_EQ(alloc(), 0);
  }
  service_.arm(ArmKind::bridge_busy, 60);
  EXPECT_EQ(alloc(), 0);
  EXPECT_EQ(alloc(), EDQUOT) << "QTEE has the other still";
  EXPECT_TRUE(soon([&] { return alloc() == 0; }));
}

// Memory that is just being let go is no reason to refuse its next dma-buf.
TEST_F(BridgeMemoryTest, ADmaBufFollowsAnotherOverTheSamePages) {
  const FileDescriptor page = huge_page();
  for (int i = 0; i < 8; ++i) {
    {
      const MemoryObject first = dma_buf_over(page, 2 * kPage);
      EXPECT_TRUE(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, first));
      if (i % 2) service_.arm(ArmKind::bridge_busy, 10);  // some 0.3 s
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(150));  // the worker is at it
    const MemoryObject second = dma_buf_over(page, 2 * kPage);
    const auto sum = service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, second);
    EXPECT_TRUE(sum) << "round " << i << ": " << sum.error().message();
    service_.arm(ArmKind::bridge_busy, 0);
  }
}

// A process can be killed, whatever QTEE does.
TEST_F(BridgeMemoryTest, WhoWaitsForABridgeCanBeKilled) {
  const Parameter idle("memory_idle_ms", 600'000, "qtee_mem");
  const FileDescriptor page = huge_page();
  const MemoryObject first = dma_buf_over(page, 2 * kPage);
  ASSERT_TRUE(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, first));
  service_.arm(ArmKind::bridge_busy, 100'000);
  const pid_t child = ::fork();
  if (child == 0) {
    const MemoryObject second = dma_buf_over(page, 2 * kPage);
    (void)service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, second);
    ::_exit(0);
  }
  std::this_thread::sleep_for(2s);
  ::kill(child, SIGKILL);
  const bool gone = soon([&] { return ::waitpid(child, nullptr, WNOHANG) == child; });
  EXPECT_TRUE(gone) << file_read("/proc/" + std::to_string(child) + "/wchan");
  service_.arm(ArmKind::bridge_busy, 0);
  if (!gone) ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace qtee::test
