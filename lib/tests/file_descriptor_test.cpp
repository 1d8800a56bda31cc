// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/file_descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "fake_driver.hpp"
#include "qtee/memory_object.hpp"

namespace qtee {
namespace {

struct SocketPair {
  SocketPair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) throw std::bad_alloc();
    a.reset(fds[0]);
    b.reset(fds[1]);
  }
  FileDescriptor a, b;
};

TEST(FileDescriptorTest, TravelsOverASocket) {
  const SocketPair sockets;
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  FileDescriptor reader(pipe[0]), writer(pipe[1]);
  writer.send(sockets.a.get());
  writer.reset();
  const FileDescriptor arrived = FileDescriptor::receive(sockets.b.get());
  ASSERT_EQ(::write(arrived.get(), "x", 1), 1);
  char byte = 0;
  ASSERT_EQ(::read(reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT_EQ(::fcntl(arrived.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(FileDescriptorTest, ClosedPeerAndPlainDataAreErrors) {
  SocketPair sockets;
  ASSERT_EQ(::write(sockets.a.get(), "x", 1), 1);
  try {
    FileDescriptor::receive(sockets.b.get());
    FAIL() << "no exception";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::bad_message);
  }
  sockets.a.reset();
  try {
    FileDescriptor::receive(sockets.b.get());
    FAIL() << "no exception";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::connection_reset);
  }
}

TEST(FileDescriptorTest, TooManyDescriptorsAreRefusedAndClosed) {
  const SocketPair sockets;
  char byte = 0;
  iovec vector{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(3 * sizeof(int));
  const int fds[3] = {0, 1, 2};
  std::memcpy(CMSG_DATA(header), fds, sizeof(fds));
  ASSERT_EQ(::sendmsg(sockets.a.get(), &message, 0), 1);

  const std::size_t before = test::fds_open();
  EXPECT_THROW(FileDescriptor::receive(sockets.b.get()), std::system_error);
  EXPECT_EQ(test::fds_open(), before);
}

TEST(MemoryObjectTest, KnowsItsSizeAndBracketsAccess) {
  test::FakeDriver driver;
  const int fd = ::memfd_create("memory", MFD_CLOEXEC);
  ASSERT_EQ(::ftruncate(fd, 8192), 0);
  MemoryMapping mapping;
  {
    const MemoryObject memory{FileDescriptor(fd)};
    EXPECT_EQ(memory.size(), 8192u);
    mapping = memory.map();
  }
  {
    const CpuAccess access = mapping.access(CpuAccess::Mode::write);
    access.store(8184, std::uint64_t{5});
    EXPECT_THROW(access.store(8185, std::uint64_t{5}), std::out_of_range);
    EXPECT_EQ(driver.syncs.size(), 1u);
  }
  {
    const CpuAccess access = mapping.access(CpuAccess::Mode::read);
    EXPECT_EQ(access.load<std::uint64_t>(8184), 5u);
  }
  EXPECT_EQ(driver.syncs, (std::vector<std::uint64_t>{2, 4 | 2, 1, 4 | 1}));
}

TEST(MemoryObjectTest, IsAllocatedByTheDriver) {
  const std::size_t before = test::fds_open();
  {
    test::FakeDriver driver;
    const MemoryObject memory = MemoryObject::allocate(5000);
    EXPECT_EQ(memory.size(), 8192u);
    EXPECT_EQ(driver.allocated.size, 5000u);
    EXPECT_EQ(driver.allocated.host_id, QCOM_TEE_MEMORY_OBJECT);
    EXPECT_EQ(driver.allocated.flags, 0u);
    EXPECT_EQ(driver.allocated.fd_flags, static_cast<std::uint32_t>(O_RDWR | O_CLOEXEC));
    MemoryObject::allocate(1, MemoryObject::Access::read_only);
    EXPECT_EQ(driver.allocated.flags, QCOM_TEE_ALLOC_READ_ONLY);
    memory.map().access(CpuAccess::Mode::write).store(8184, std::uint64_t{1});
    driver.alloc_status = -ENOMEM;
    try {
      MemoryObject::allocate(1 << 30);
      FAIL() << "did not throw";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), ENOMEM);
    }
  }
  EXPECT_EQ(test::fds_open(), before);
}

TEST(MemoryObjectTest, NoUdmabufIsAClearError) {
  test::FakeDriver driver;
  try {
    MemoryObject::from_pages(4096);
    FAIL() << "no exception";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_NE(std::string(error.what()).find("/dev/udmabuf"), std::string::npos);
  }
  EXPECT_THROW(MemoryObject::from_huge_page((2u << 20) + 1), std::system_error);
  EXPECT_THROW(MemoryObject::from_pages(0), std::system_error);
}

}  // namespace
}  // namespace qtee
