// SPDX-License-Identifier: BSD-3-Clause
//
// Message buffers that a program maps: inputs and outputs in place, and nothing but its own within reach.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "parameter.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

constexpr std::size_t kSize = 256 << 10;

class MessageBufferTest : public UserTest {
 protected:
  std::span<std::byte> part(std::size_t offset, std::size_t size) { return buffer_.bytes().subspan(offset, size); }

  int echo(std::initializer_list<qcom_tee_param> params) {
    return RawInvoke(static_cast<std::uint32_t>(Op::echo), params).invoke(service_.object().fd());
  }

  MessageBuffer buffer_ = MessageBuffer::allocate(kSize);
};

TEST_F(MessageBufferTest, InputsAndOutputsStayWhereTheyAre) {
  for (const std::size_t size : {1u, 8u, 100u, 4096u, 65536u, 131072u}) {
    const auto bytes = bytes_of(size, size);
    std::ranges::copy(bytes, part(0, size).begin());
    Invocation invocation(Op::echo);
    invocation.use(buffer_).input(part(0, size)).output(part(kSize / 2, size));
    ASSERT_FALSE(invocation.invoke(service_.object())) << size;
    EXPECT_EQ(invocation.written(0).data(), part(kSize / 2, size).data());
    ASSERT_EQ(invocation.written(0).size(), size);
    EXPECT_TRUE(std::ranges::equal(invocation.written(0), bytes)) << size;
    EXPECT_TRUE(std::ranges::equal(part(0, size), bytes)) << size;
  }
}

TEST_F(MessageBufferTest, AnOutputsSizeIsWhatWasWritten) {
  Invocation invocation(Op::echo);
  invocation.use(buffer_).input(part(8, 40)).output(part(4096, 1000));
  ASSERT_FALSE(invocation.invoke(service_.object()));
  EXPECT_EQ(invocation.written(0).size(), 40u);
}

TEST_F(MessageBufferTest, OthersAreCopiedBesideThem) {
  const auto copied = bytes_of(700, 3), in_place = bytes_of(60'000, 4);
  std::ranges::copy(in_place, part(0, in_place.size()).begin());
  std::vector<std::byte> out(700);
  Invocation invocation(Op::mirror);
  invocation.use(buffer_).input(copied).input(part(0, 60'000)).input(copied);
  invocation.output(out).output(part(65536, 60'000)).output(part(131072, 700));
  ASSERT_FALSE(invocation.invoke(service_.object()));
  EXPECT_EQ(out, copied);
  EXPECT_TRUE(std::ranges::equal(invocation.written(1), in_place));
  EXPECT_TRUE(std::ranges::equal(invocation.written(2), copied));
}

TEST_F(MessageBufferTest, FifteenOfEachKindInAnyOrder) {
  Invocation invocation(Op::mirror);
  invocation.use(buffer_);
  for (std::size_t i = 0; i < 15; ++i) {
    const auto bytes = bytes_of(1000 + i, i);
    const std::size_t at = (i * 7 % 15) * 2048;
    std::ranges::copy(bytes, part(at, bytes.size()).begin());
    invocation.output(part(kSize - at - 2048, 1000 + i)).input(part(at, bytes.size()));
  }
  ASSERT_FALSE(invocation.invoke(service_.object()));
  for (std::size_t i = 0; i < 15; ++i) EXPECT_TRUE(std::ranges::equal(invocation.written(i), bytes_of(1000 + i, i)));
}

// What lies in the buffer beside arguments is nobody's business: not QTEE's, and not the next invocation's.
TEST_F(MessageBufferTest, AllElseStaysAsItWas) {
  const auto all = buffer_.bytes();
  for (const std::byte byte : all) ASSERT_EQ(byte, std::byte{0});
  std::ranges::fill(all, std::byte{0x5A});
  Invocation invocation(Op::echo);
  invocation.use(buffer_).input(part(1024, 512)).output(part(8192, 512));
  ASSERT_FALSE(invocation.invoke(service_.object()));
  for (const std::byte byte : all) ASSERT_EQ(byte, std::byte{0x5A});
}

TEST_F(MessageBufferTest, PlacesThatAreNoneAreRefused) {
  const int fd = buffer_.fd();
  const auto size = static_cast<std::uint32_t>(kSize);
  const auto out = param_placed(fd, false, 4096, 8);
  EXPECT_EQ(echo({param_placed(fd, true, 0, 8), out}), 0);
  EXPECT_EQ(echo({param_placed(fd, true, size - 8, 8), out}), 0);
  EXPECT_EQ(echo({param_placed(fd, true, size, 0), out}), 0);
  EXPECT_EQ(echo({param_placed(fd, true, 4, 8), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, size - 8, 9), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, size, 1), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, size + 8, 0), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, 0xFFFFFFF8, 8), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, 0xFFFFF008, 0xFF8), out}), EINVAL);
  for (const std::uint64_t len : {std::uint64_t{1} << 32, (std::uint64_t{1} << 32) + 8, ~std::uint64_t{0}})
    EXPECT_EQ(echo({param_placed(fd, true, 0, len), out}), EINVAL) << len;
  // Alone, and as the last one: in the order of memory.
  const auto in = param_placed(fd, true, 0, 8);
  const std::pair<std::uint32_t, std::uint64_t> places[] = {{4, 8},
                                                            {size - 8, 9},
                                                            {size, 1},
                                                            {size + 8, 0},
                                                            {size + 64, 8},
                                                            {2 * size, 4096},
                                                            {0x7FFFFFF8, 8},
                                                            {0xFFFFFFF8, 8},
                                                            {0xFFFFF008, 0},
                                                            {8, ~std::uint64_t{0}},
                                                            {8, std::uint64_t{1} << 32},
                                                            {8, (std::uint64_t{1} << 32) + 8}};
  for (const auto& [at, len] : places) {
    EXPECT_EQ(echo({param_placed(fd, true, at, len)}), EINVAL) << at << " " << len;
    EXPECT_EQ(echo({param_placed(fd, false, at, len)}), EINVAL) << at << " " << len;
    EXPECT_EQ(echo({in, param_placed(fd, false, at, len)}), EINVAL) << at << " " << len;
  }
  // On each other.
  EXPECT_EQ(echo({param_placed(fd, true, 4096, 8), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, 4088, 9), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, 0, kSize), out}), EINVAL);
  EXPECT_EQ(echo({param_placed(fd, true, 4088, 8), out}), 0);
}

TEST_F(MessageBufferTest, DescriptorsThatAreNoneAreRefused) {
  const MessageBuffer other = MessageBuffer::allocate(4096);
  const MemoryObject memory = MemoryObject::allocate(4096);
  const auto out = param_placed(buffer_.fd(), false, 4096, 8);
  for (const int fd : {-1, 100'000, service_.object().fd(), memory.fd()})
    EXPECT_EQ(echo({param_placed(fd, true, 0, 8), out}), EBADF) << fd;
  EXPECT_EQ(echo({param_placed(other.fd(), true, 0, 8), out}), EINVAL) << "two buffers in one message";
  EXPECT_EQ(echo({param_placed(other.fd(), true, 0, 8), param_placed(other.fd(), false, 8, 8)}), 0);
  // A buffer is no object, and no memory object either.
  EXPECT_EQ(echo({param_object(other.fd(), QCOM_TEE_MEMORY_OBJECT), out}), EBADF);
  EXPECT_EQ(echo({param_object(other.fd(), QCOM_TEE_OBJECT_SECURE), out}), EBADF);
  EXPECT_EQ(echo({param_object(other.fd(), QCOM_TEE_MESSAGE_BUFFER), out}), EINVAL);
}

TEST_F(MessageBufferTest, WhatIsCopiedBesideHasAPage) {
  const auto most = bytes_of(kPage - 12 - 2 * 8 - 4);
  EXPECT_EQ(echo({param_in(most.data(), most.size()), param_placed(buffer_.fd(), false, 0, most.size())}), 0);
  EXPECT_TRUE(std::ranges::equal(part(0, most.size()), most));
  const auto more = bytes_of(most.size() + 1);
  EXPECT_EQ(echo({param_in(more.data(), more.size()), param_placed(buffer_.fd(), false, 0, more.size())}), EMSGSIZE);
}

// The header lies in the page before the mapping's first.
TEST_F(MessageBufferTest, OnlyThePayloadCanBeMapped) {
  const auto page = static_cast<off_t>(kPage);
  const auto map = [&](std::size_t size, int flags, off_t offset) {
    void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, buffer_.fd(), offset);
    if (at == MAP_FAILED) return errno;
    ::munmap(at, size);
    return 0;
  };
  EXPECT_EQ(map(kSize, MAP_SHARED, 0), 0);
  EXPECT_EQ(map(kSize, MAP_PRIVATE, 0), EINVAL);
  EXPECT_EQ(map(kSize + 1, MAP_SHARED, 0), ENXIO);
  EXPECT_EQ(map(static_cast<std::size_t>(page), MAP_SHARED, kSize), ENXIO);
  EXPECT_NE(map(static_cast<std::size_t>(page), MAP_SHARED, -page), 0);
  EXPECT_EQ(map(static_cast<std::size_t>(page), MAP_SHARED, kSize - page), 0);
  EXPECT_EQ(::mremap(buffer_.bytes().data(), kSize, 2 * kSize, MREMAP_MAYMOVE), MAP_FAILED);

  void* second = ::mmap(nullptr, kSize, PROT_READ, MAP_SHARED, buffer_.fd(), 0);
  ASSERT_NE(second, MAP_FAILED);
  part(5000, 1)[0] = std::byte{77};
  EXPECT_EQ(static_cast<std::byte*>(second)[5000], std::byte{77});
  ::munmap(second, kSize);
}

// Pages that somebody else has still when the buffer is gone.
TEST_F(MessageBufferTest, PinnedPagesStayTheirs) {
  for (int round = 0; round < 6; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    {
      const MessageBuffer buffer = MessageBuffer::allocate(8 * kPage);
      std::ranges::fill(buffer.bytes(), std::byte(0x40 + round));
      const iovec vec{buffer.bytes().data(), 8 * kPage};
      ASSERT_EQ(::vmsplice(pipe[1], &vec, 1, SPLICE_F_GIFT), static_cast<ssize_t>(8 * kPage));
    }
    std::vector<MessageBuffer> others;
    for (int i = 0; i < 16; ++i) {
      others.push_back(MessageBuffer::allocate(8 * kPage));
      std::ranges::fill(others.back().bytes(), std::byte{0xEE});
    }
    std::vector<std::byte> read(8 * kPage);
    for (std::size_t at = 0; at < read.size();) {
      const ssize_t n = ::read(pipe[0], read.data() + at, read.size() - at);
      ASSERT_GT(n, 0);
      at += static_cast<std::size_t>(n);
    }
    for (const std::byte byte : read) ASSERT_EQ(byte, std::byte(0x40 + round));
    // A gift that is moved into a file.
    {
      const MessageBuffer buffer = MessageBuffer::allocate(8 * kPage);
      std::ranges::fill(buffer.bytes(), std::byte{7});
      const iovec vec{buffer.bytes().data(), 8 * kPage};
      ASSERT_EQ(::vmsplice(pipe[1], &vec, 1, SPLICE_F_GIFT), static_cast<ssize_t>(8 * kPage));
      const FileDescriptor file(::memfd_create("gift", MFD_CLOEXEC));
      if (round % 2) ::splice(pipe[0], nullptr, file.get(), nullptr, 8 * kPage, SPLICE_F_MOVE);
    }
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
}

// All that a program can do to a mapping.
TEST_F(MessageBufferTest, AMappingIsJustAMapping) {
  for (int round = 0; round < 4; ++round) {
    MessageBuffer buffer = MessageBuffer::allocate(16 * kPage);
    auto* at = buffer.bytes().data();
    std::ranges::fill(buffer.bytes(), std::byte{1});
    for (const int advice : {MADV_NORMAL, MADV_COLD, MADV_PAGEOUT, MADV_FREE, MADV_MERGEABLE, MADV_HUGEPAGE,
                             MADV_REMOVE, MADV_DODUMP, MADV_POPULATE_WRITE})
      (void)::madvise(at, 16 * kPage, advice);
    (void)::mlock(at, 16 * kPage);
    (void)::munlock(at, 16 * kPage);
    (void)::msync(at, 16 * kPage, MS_SYNC);
    (void)::mprotect(at + kPage, kPage, PROT_NONE);
    (void)::mprotect(at + kPage, kPage, PROT_READ | PROT_WRITE);
    EXPECT_NE(::mprotect(at, kPage, PROT_READ | PROT_EXEC), 0);
    EXPECT_EQ(::mremap(at, 0, kPage, MREMAP_MAYMOVE), MAP_FAILED);
    const FileDescriptor memory(::open("/proc/self/mem", O_RDWR | O_CLOEXEC));
    EXPECT_EQ(::pwrite(memory.get(), "xy", 2, static_cast<off_t>(reinterpret_cast<std::uintptr_t>(at))), 2);
    EXPECT_EQ(at[0], std::byte{'x'});
    std::vector<std::byte> read(16 * kPage);
    const iovec local{read.data(), read.size()}, remote{at, read.size()};
    EXPECT_EQ(::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0), static_cast<ssize_t>(read.size()));
    EXPECT_EQ(::mremap(at + 8 * kPage, 8 * kPage, 4 * kPage, MREMAP_MAYMOVE), at + 8 * kPage);
    const std::string again = "/proc/self/fd/" + std::to_string(buffer.fd());
    EXPECT_LT(::open(again.c_str(), O_RDWR | O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      std::memset(at, 3, 8 * kPage);
      (void)::madvise(at, 8 * kPage, MADV_DONTNEED);
      if (round % 2) ::raise(SIGKILL);
      std::memset(at, 3, kPage);  // SIGBUS
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), round % 2 ? SIGKILL : SIGBUS);
    EXPECT_EQ(at[0], std::byte{3});
    // QTEE's sight is not the mapping's.
    EXPECT_EQ(::madvise(at, kPage, MADV_DONTNEED), 0);
    EXPECT_EQ(RawInvoke(static_cast<std::uint32_t>(Op::echo),
                        {param_placed(buffer.fd(), true, 0, 64), param_placed(buffer.fd(), false, 2 * kPage, 64)})
                  .invoke(service_.object().fd()),
              0);
  }
}

TEST_F(MessageBufferTest, OneInvocationAtATime) {
  int nested = -1;
  CallbackServer server;
  const CallbackObject own = server.add([&](CallbackRequest&) {
    nested = echo({param_placed(buffer_.fd(), true, 0, 8), param_placed(buffer_.fd(), false, 8, 8)});
    return Result::ok;
  });
  const vsoc::CallbackRequest request{0, 1};
  std::memcpy(part(0, sizeof request).data(), &request, sizeof request);
  Invocation invocation(Op::callback);
  invocation.use(buffer_).input(part(0, sizeof request)).input(own);
  ASSERT_FALSE(invocation.invoke(service_.object()));
  EXPECT_EQ(nested, EBUSY);
  EXPECT_EQ(echo({param_placed(buffer_.fd(), true, 0, 8), param_placed(buffer_.fd(), false, 8, 8)}), 0);
  EXPECT_TRUE(all_released(server));
}

TEST_F(MessageBufferTest, LivesAsLongAsItsInvocation) {
  CallbackServer server;
  const CallbackObject own = server.add([&](CallbackRequest& call) {
    buffer_ = MessageBuffer();
    const MessageBuffer another = MessageBuffer::allocate(kSize);
    std::ranges::fill(another.bytes(), std::byte{0xEE});
    call.set_output(0, call.input(0));
    return Result::ok;
  });
  const vsoc::CallbackRequest request{0, 1};
  std::memcpy(part(0, sizeof request).data(), &request, sizeof request);
  part(4096, 8)[0] = std::byte{9};
  Invocation invocation(Op::callback);
  invocation.use(buffer_).input(part(0, sizeof request)).input(part(4096, 8)).output(part(8192, 8)).input(own);
  EXPECT_FALSE(invocation.invoke(service_.object()));
  EXPECT_TRUE(all_released(server));
}

// Whoever writes to a buffer in use harms nobody but himself.
TEST_F(MessageBufferTest, ScribblingMeanwhileIsHarmless) {
  std::atomic<bool> stop{false};
  std::thread scribbler([&] {
    for (std::uint8_t value = 0; !stop; ++value) std::memset(buffer_.bytes().data(), value, kSize);
  });
  for (int i = 0; i < 300; ++i) {
    Invocation invocation(Op::echo);
    invocation.use(buffer_).input(part(0, 100'000)).output(part(131072, 100'000));
    EXPECT_FALSE(invocation.invoke(service_.object()));
    EXPECT_EQ(service_.object().call<std::uint64_t>(Op::echo, std::uint64_t{42}), 42u);
  }
  stop = true;
  scribbler.join();
}

TEST_F(MessageBufferTest, ManyThreadsWithOneEach) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      for (int round = 0; round < 20; ++round) {
        const MessageBuffer buffer = MessageBuffer::allocate(64 << 10);
        const auto bytes = bytes_of(20'000, seed * 1000u + static_cast<unsigned>(round));
        std::ranges::copy(bytes, buffer.bytes().begin());
        Invocation invocation(Op::echo);
        invocation.use(buffer).input(buffer.bytes().first(20'000)).output(buffer.bytes().last(20'000 / 8 * 8));
        if (invocation.invoke(service_.object()) || !std::ranges::equal(invocation.written(0), bytes)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(MessageBufferTest, LiesAboutItsBuffersAreFound) {
  for (const auto kind : {vsoc::LieKind::ob_size_grown, vsoc::LieKind::ob_size_huge, vsoc::LieKind::ob_offset_moved}) {
    const vsoc::LieRequest lie{static_cast<std::uint32_t>(kind), 0, 0x7FFFFFF8};
    std::memcpy(part(0, sizeof lie).data(), &lie, sizeof lie);
    Invocation invocation(Op::lie);
    invocation.use(buffer_).input(part(0, sizeof lie)).input(part(4096, 64)).output(part(8192, 64));
    EXPECT_EQ(invocation.invoke(service_.object()), std::errc::no_such_device) << static_cast<std::uint32_t>(kind);
  }
}

TEST_F(MessageBufferTest, ThereAreLimits) {
  const FileDescriptor device(::open("/dev/qtee", O_RDWR | O_CLOEXEC));
  const auto alloc = [&](std::uint64_t size, std::uint32_t flags = 0, std::uint32_t fd_flags = O_RDWR | O_CLOEXEC) {
    qcom_tee_alloc_arg arg{};
    arg.size = size;
    arg.host_id = QCOM_TEE_MESSAGE_BUFFER;
    arg.flags = flags;
    arg.fd_flags = fd_flags;
    const int error = raw_ioctl_with(device.get(), QCOM_TEE_IOCTL_ALLOC, arg);
    if (error == 0) ::close(arg.fd);
    return error;
  };
  EXPECT_EQ(alloc((4u << 20) - kPage), 0);
  EXPECT_EQ(alloc((4u << 20) - kPage + 1), EINVAL);
  EXPECT_EQ(alloc(0), EINVAL);
  EXPECT_EQ(alloc(~std::uint64_t{0}), EINVAL);
  EXPECT_EQ(alloc(4096, QCOM_TEE_ALLOC_READ_ONLY), EINVAL);
  EXPECT_EQ(alloc(4096, 0, O_RDONLY), EINVAL);
  const Parameter most("message_buffers_max_kib", 300, "qtee_user");
  EXPECT_EQ(alloc(64 << 10), EDQUOT) << "there is one of 256 KiB and its header";
  buffer_ = MessageBuffer();
  EXPECT_EQ(alloc(64 << 10), 0);
}

}  // namespace
}  // namespace qtee::test
