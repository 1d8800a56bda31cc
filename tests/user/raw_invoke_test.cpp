// SPDX-License-Identifier: BSD-3-Clause
//
// INVOKE as a careless or hostile program calls it. After each refusal the object must still work.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "alive.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kEcho = 1, kMirror = 2, kHold = 9, kCreate = 12;

class RawInvokeTest : public UserTest {
 protected:
  void TearDown() override { service_.null(); }
  int fd() const { return service_.object().fd(); }
};

TEST_F(RawInvokeTest, HeaderThatMakesNoSense) {
  EXPECT_EQ(::ioctl(fd(), QCOM_TEE_IOCTL_INVOKE, nullptr) < 0 ? errno : 0, EFAULT);
  RawInvoke null(0, {});
  EXPECT_EQ(null.invoke(fd(), 0), EINVAL);
  EXPECT_EQ(null.invoke(fd(), 15), EINVAL);
  EXPECT_EQ(null.invoke(fd(), 17), EINVAL);
  EXPECT_EQ(null.invoke(fd(), 16 + 24), EINVAL) << "no such parameter";
  EXPECT_EQ(null.invoke(fd(), UINT64_MAX), EINVAL);
  EXPECT_EQ(null.invoke(fd(), 16), 0);

  std::uint32_t word = 0;
  RawInvoke echo(kEcho, {param_in(&word, 4), param_out(&word, 4)});
  for (const std::uint32_t count : {0u, 1u, 3u, 61u, 0x10000000u, 0xFFFFFFFFu}) {
    echo.head().num_params = count;
    EXPECT_EQ(echo.invoke(fd()), EINVAL) << count;
  }
  echo.head().num_params = 2;
  EXPECT_EQ(echo.invoke(fd()), 0);

  qcom_tee_ioctl_data data{8, 16};
  EXPECT_EQ(::ioctl(fd(), QCOM_TEE_IOCTL_INVOKE, &data) < 0 ? errno : 0, EFAULT);
  data = {UINT64_MAX - 7, 16};
  EXPECT_EQ(::ioctl(fd(), QCOM_TEE_IOCTL_INVOKE, &data) < 0 ? errno : 0, EFAULT);
}

TEST_F(RawInvokeTest, OperationsOfTheTransportAreRefused) {
  for (const std::uint32_t op : {0xFFFEu, 0xFFFFu, 0x10000u, 0x10001u, 0x8000FFFFu, 0xFFFFFFFFu}) {
    EXPECT_EQ(RawInvoke(op, {}).invoke(fd()), EINVAL) << op;
    EXPECT_EQ(RawInvoke(op, {}).invoke(root_.object().fd()), EINVAL) << op;
  }
}

TEST_F(RawInvokeTest, UnknownIoctls) {
  qcom_tee_ioctl_data data{};
  EXPECT_EQ(::ioctl(fd(), QCOM_TEE_IOCTL_RECEIVE, &data) < 0 ? errno : 0, ENOTTY);
  EXPECT_EQ(::ioctl(fd(), QCOM_TEE_IOCTL_REPLY, &data) < 0 ? errno : 0, ENOTTY);
  EXPECT_EQ(::ioctl(fd(), _IOWR('Q', 99, qcom_tee_ioctl_data), &data) < 0 ? errno : 0, ENOTTY);
  EXPECT_EQ(::ioctl(root_.object().fd(), QCOM_TEE_IOCTL_RECEIVE, &data) < 0 ? errno : 0, ENOTTY);
  const FileDescriptor server = server_open();
  EXPECT_EQ(::ioctl(server.get(), QCOM_TEE_IOCTL_INVOKE, &data) < 0 ? errno : 0, ENOTTY);
}

TEST_F(RawInvokeTest, UnknownAttributes) {
  for (const std::uint32_t attr : {2u, 0x7Fu, 0x82u, 0x100u, 0xFFFFFFFFu}) {
    qcom_tee_param param{};
    param.attr = attr;
    EXPECT_EQ(RawInvoke(0, {param}).invoke(fd()), EINVAL) << attr;
    param.direction = 1;
    EXPECT_EQ(RawInvoke(0, {param}).invoke(fd()), EINVAL) << attr;
  }
}

TEST_F(RawInvokeTest, FdsThatAreNotWhatTheParameterSays) {
  const FileDescriptor server = server_open();
  const FileDescriptor pipe(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{9999}, std::int64_t{0x7FFFFFFF}, std::int64_t{1} << 32,
                                 std::int64_t{1} << 32 | fd(), std::int64_t{server.get()}, std::int64_t{pipe.get()}}) {
    EXPECT_EQ(RawInvoke(kHold, {param_object(bad, QCOM_TEE_OBJECT_SECURE)}).invoke(fd()), EBADF) << bad;
    EXPECT_EQ(RawInvoke(kHold, {param_object(bad, QCOM_TEE_MEMORY_OBJECT)}).invoke(fd()), EBADF) << bad;
  }
  for (const std::int32_t host : {fd(), pipe.get(), 9999, 0x7FFFFFFF}) {
    EXPECT_EQ(RawInvoke(kHold, {param_object(1, host)}).invoke(fd()), EBADF) << host;
  }
  for (const std::int32_t host : {-3, -4, -1000, INT32_MIN}) {
    const int error = RawInvoke(kHold, {param_object(fd(), host)}).invoke(fd());
    EXPECT_TRUE(error == EINVAL || error == EBADF) << host << " gave " << error;
  }
}

TEST_F(RawInvokeTest, GoodObjectsBesideABadOneAreNotKept) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  for (int position = 0; position < 4; ++position) {
    RawInvoke invoke(kHold, {param_object(fd(), QCOM_TEE_OBJECT_SECURE), param_object(7, server.get()),
                             param_object(memory.fd(), QCOM_TEE_MEMORY_OBJECT), param_null()});
    invoke.param(position) = param_object(9999, QCOM_TEE_OBJECT_SECURE);
    EXPECT_EQ(invoke.invoke(fd()), EBADF) << position;
  }
  EXPECT_EQ(RawRequest().receive(server.get()), EAGAIN) << "of an object that QTEE never saw nothing is told";
}

TEST_F(RawInvokeTest, MemoryThatIsNotThere) {
  auto* page =
      static_cast<std::byte*>(::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(page, MAP_FAILED);
  ::munmap(page + kPage, kPage);
  std::byte out[64];

  EXPECT_EQ(RawInvoke(kEcho, {param_in(page + kPage - 6, 12), param_out(out, 64)}).invoke(fd()), EFAULT);
  EXPECT_EQ(RawInvoke(kEcho, {param_in(nullptr, 12), param_out(out, 64)}).invoke(fd()), EFAULT);
  EXPECT_EQ(RawInvoke(kEcho, {param_in(reinterpret_cast<void*>(UINT64_MAX - 3), 4), param_out(out, 64)}).invoke(fd()),
            EFAULT);
  EXPECT_EQ(
      RawInvoke(kEcho, {param_in(reinterpret_cast<void*>(0xFFFF800000000000), 4), param_out(out, 64)}).invoke(fd()),
      EFAULT);
  EXPECT_EQ(RawInvoke(kEcho, {param_in(page, 12), param_out(page + kPage - 6, 12)}).invoke(fd()), EFAULT);
  EXPECT_EQ(RawInvoke(kEcho, {param_in(page, 12), param_out(nullptr, 12)}).invoke(fd()), EFAULT);
  ::mprotect(page, kPage, PROT_READ);
  EXPECT_EQ(RawInvoke(kEcho, {param_in(page, 12), param_out(page, 12)}).invoke(fd()), EFAULT);
  ::munmap(page, kPage);
}

TEST_F(RawInvokeTest, ObjectsOfAnAnswerThatCanNotBeWrittenAreReleased) {
  // The outputs, and then the parameters themselves, are where nothing can be written.
  auto* page =
      static_cast<std::byte*>(::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(page, MAP_FAILED);
  RawInvoke invoke(kCreate, {param_object_out(), param_object_out()});
  std::memcpy(page, invoke.words.data(), invoke.words.size() * 8);
  ::mprotect(page, kPage, PROT_READ);
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(page), invoke.words.size() * 8};
  const std::size_t before = fds_open();
  EXPECT_EQ(::ioctl(fd(), QCOM_TEE_IOCTL_INVOKE, &data) < 0 ? errno : 0, EFAULT);
  EXPECT_EQ(fds_open(), before);
  ::munmap(page, kPage);
}

TEST_F(RawInvokeTest, SizesBeyondAllBounds) {
  std::byte byte{};
  for (const std::uint64_t size : {std::uint64_t{4} << 20, std::uint64_t{1} << 31, std::uint64_t{1} << 32,
                                   (std::uint64_t{1} << 32) + 4, std::uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 7}) {
    EXPECT_EQ(RawInvoke(kEcho, {param_in(&byte, size), param_out(&byte, 1)}).invoke(fd()), EMSGSIZE) << size;
    EXPECT_EQ(RawInvoke(kEcho, {param_in(&byte, 1), param_out(&byte, size)}).invoke(fd()), EMSGSIZE) << size;
  }
  // Sums that wrap.
  EXPECT_EQ(RawInvoke(kMirror, {param_in(&byte, UINT64_MAX - 3), param_in(&byte, 8)}).invoke(fd()), EMSGSIZE);
}

TEST_F(RawInvokeTest, EmptyBuffersNeedNoAddress) {
  RawInvoke invoke(kEcho, {param_in(nullptr, 0), param_out(nullptr, 0)});
  EXPECT_EQ(invoke.invoke(fd()), 0);
  EXPECT_EQ(invoke.head().result, 0);
  EXPECT_EQ(invoke.param(1).buffer.len, 0u);
}

TEST_F(RawInvokeTest, MoreThanFifteenOfAKind) {
  for (int kind = 0; kind < 4; ++kind) {
    RawInvoke invoke(kMirror, {param_null(), param_null(), param_null(), param_null(), param_null(), param_null(),
                               param_null(), param_null(), param_null(), param_null(), param_null(), param_null(),
                               param_null(), param_null(), param_null(), param_null()});
    std::byte byte{};
    for (int i = 0; i < 16; ++i) {
      if (kind == 1) invoke.param(i) = param_in(&byte, 1);
      if (kind == 2) invoke.param(i) = param_out(&byte, 1);
      if (kind == 3) invoke.param(i) = param_object_out();
    }
    EXPECT_EQ(invoke.invoke(fd()), E2BIG) << kind;
  }
  const FileDescriptor server = server_open(O_NONBLOCK);
  RawInvoke objects(kHold,
                    {param_object(1, server.get()), param_object(2, server.get()), param_object(3, server.get()),
                     param_object(4, server.get()), param_object(5, server.get()), param_object(6, server.get()),
                     param_object(7, server.get()), param_object(8, server.get()), param_object(9, server.get()),
                     param_object(10, server.get()), param_object(11, server.get()), param_object(12, server.get()),
                     param_object(13, server.get()), param_object(14, server.get()), param_object(15, server.get()),
                     param_object(16, server.get())});
  EXPECT_EQ(objects.invoke(fd()), E2BIG);
  EXPECT_EQ(RawRequest().receive(server.get()), EAGAIN);
}

TEST_F(RawInvokeTest, NoFdIsLeftForTheAnswer) {
  // With the table of descriptors full the answer can't be given: its objects are released.
  std::vector<FileDescriptor> hoard;
  for (;;) {
    FileDescriptor fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd) break;
    hoard.push_back(std::move(fd));
  }
  hoard.pop_back();
  RawInvoke invoke(kCreate, {param_object_out(), param_object_out(), param_object_out()});
  EXPECT_EQ(invoke.invoke(fd()), EMFILE);
  hoard.clear();
}

TEST_F(RawInvokeTest, ResultsLeaveOutputsAlone) {
  std::uint64_t in = 1, out = 0x5555;
  RawInvoke invoke(kEcho, {param_in(&in, 8), param_out(&out, 4)});
  EXPECT_EQ(invoke.invoke(fd()), 0);
  EXPECT_EQ(invoke.head().result, 4);
  EXPECT_EQ(out, 0x5555u);
}

TEST_F(RawInvokeTest, FilesAreNotReadOrWritten) {
  char byte;
  EXPECT_LT(::read(fd(), &byte, 1), 0);
  EXPECT_LT(::write(fd(), &byte, 1), 0);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd(), 0), MAP_FAILED);
}

}  // namespace
}  // namespace qtee::test
