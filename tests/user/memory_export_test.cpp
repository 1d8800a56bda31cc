// SPDX-License-Identifier: BSD-3-Clause
//
// dma-bufs of the driver's own: contiguous memory that QTEE can map as it is.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "alive.hpp"
#include "memory_driver.hpp"
#include "module.hpp"
#include "parameter.hpp"
#include "quiet.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

constexpr std::size_t kWindow = 4096;

qcom_tee_alloc_arg alloc_arg(std::uint64_t size, std::uint32_t fd_flags = O_RDWR | O_CLOEXEC, std::uint32_t flags = 0) {
  qcom_tee_alloc_arg arg{};
  arg.size = size;
  arg.host_id = QCOM_TEE_MEMORY_OBJECT;
  arg.flags = flags;
  arg.fd_flags = fd_flags;
  arg.fd = -1;
  return arg;
}

// One ALLOC: 0 or errno.
int alloc(int device, void* arg, std::uint64_t size = sizeof(qcom_tee_alloc_arg)) {
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(arg), size};
  return ::ioctl(device, QCOM_TEE_IOCTL_ALLOC, &data) == 0 ? 0 : errno;
}

class MemoryExportTest : public UserTest {
 protected:
  void TearDown() override {
    EXPECT_EQ(memory_stat_after_calls(service_, "exported", 0), 0);
    EXPECT_EQ(memory_stat_until("exported_bytes", 0), 0);
  }

  bool sums_agree(const MemoryObject& memory, const MemoryMapping& mapping, std::size_t offset, std::size_t size) {
    const std::uint64_t sum = service_.checksum(memory, {offset, size});
    return sum == vsoc::checksum(mapping.access(CpuAccess::Mode::read).bytes().data() + offset, size);
  }

  // Passes it `times` times: the CPU writes and QTEE reads, QTEE writes and the CPU reads, here and there in all of it.
  void pass_often(const MemoryObject& memory, unsigned times) {
    const MemoryMapping mapping = memory.map();
    for (std::size_t i = 0; i < times / 2; ++i) {
      const std::size_t written = i * 4099 * 8 % (memory.size() - kWindow);
      {
        const CpuAccess access = mapping.access(CpuAccess::Mode::write);
        for (std::size_t at = 0; at < kWindow; at += 8) access.store(written + at, (i + 1) * 0x9E3779B97F4A7C15u + at);
      }
      ASSERT_TRUE(sums_agree(memory, mapping, written, kWindow)) << i;
      const std::size_t filled = i * 7919 * 8 % (memory.size() - kWindow);
      service_.fill(memory, {filled, kWindow, i});
      const CpuAccess access = mapping.access(CpuAccess::Mode::read);
      for (std::size_t at = filled; at < filled + kWindow; at += 61)
        ASSERT_EQ(access.bytes()[at], std::byte{vsoc::pattern(i, at)}) << i;
    }
  }

  // Nothing is attached however often it is passed, and QTEE's bridge is made once.
  void expect_once(std::size_t size, unsigned times) {
    const Still still(service_);
    const bool bridging = service_.report().bridges != 0;
    const auto before = service_.counters();
    const MemoryStats stats;
    const MemoryObject memory = MemoryObject::allocate(size);
    ASSERT_EQ(memory.size(), size);
    pass_often(memory, times);
    const MemoryMapping mapping = memory.map();
    EXPECT_TRUE(sums_agree(memory, mapping, 0, size));
    EXPECT_EQ(stats.passes(), static_cast<long>(times) + 1);
    EXPECT_EQ(stats.told(), static_cast<long>(times) + 1);
    EXPECT_EQ(stats.attached(), 0);
    EXPECT_EQ(stats.mapped(), 0);
    EXPECT_EQ(stats.bridged(), 1);
    EXPECT_EQ(service_.counters().bridge_creates - before.bridge_creates, bridging ? 1u : 0u);
  }

  FileDescriptor device_ = root_open();
};

TEST_F(MemoryExportTest, AMebibytePassedAThousandTimes) { expect_once(1 << 20, 1000); }

// Needs contiguous memory beyond the page allocator's largest block: where QTEE_TEST_CMA says that there is enough it
// must be given.
TEST_F(MemoryExportTest, SixtyFourMebibytesPassedAThousandTimes) {
  if (std::getenv("QTEE_TEST_CMA") == nullptr) {
    try {
      MemoryObject::allocate(64 << 20);
    } catch (const std::system_error& error) {
      ASSERT_EQ(error.code().value(), ENOMEM) << error.what();
      GTEST_SKIP() << "this kernel has no 64 MiB of contiguous memory";
    }
  }
  expect_once(64 << 20, 1000);
}

// The page allocator gives powers of two of pages, and the limit is about what is taken.
TEST_F(MemoryExportTest, CountsForWhatItTakes) {
  const MemoryObject memory = MemoryObject::allocate((2 << 20) + 1);
  EXPECT_EQ(memory_stat("exported_bytes"), 4 << 20);
}

// Where bridges are on, memory that comes again would be refused if its bridge were still there.
TEST_F(MemoryExportTest, IsClearedAndOfWholePages) {
  for (const std::size_t size : {1u, 4096u, 4097u, 100'000u, 1u << 20}) {
    for (int round = 0; round < 3; ++round) {
      const MemoryObject memory = MemoryObject::allocate(size);
      EXPECT_EQ(memory.size(), (size + kPage - 1) / kPage * kPage);
      EXPECT_EQ(::lseek(memory.fd(), 0, SEEK_END), static_cast<off_t>(memory.size()));
      const MemoryMapping mapping = memory.map();
      const CpuAccess access = mapping.access(CpuAccess::Mode::read_write);
      for (const std::byte byte : access.bytes()) ASSERT_EQ(byte, std::byte{0});
      std::memset(access.bytes().data(), 0xA5, access.bytes().size());
    }
  }
}

TEST_F(MemoryExportTest, ItsSizeIsSealed) {
  const MemoryObject memory = MemoryObject::allocate(2 * kPage);
  EXPECT_NE(::ftruncate(memory.fd(), static_cast<off_t>(kPage)), 0);
  EXPECT_NE(::ftruncate(memory.fd(), 1 << 20), 0);
  EXPECT_EQ(::mmap(nullptr, 3 * kPage, PROT_READ, MAP_SHARED, memory.fd(), 0), MAP_FAILED);
  EXPECT_EQ(::mmap(nullptr, 2 * kPage, PROT_READ, MAP_SHARED, memory.fd(), static_cast<off_t>(kPage)), MAP_FAILED);
  EXPECT_EQ(::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, memory.fd(), 0), MAP_FAILED);
  void* second = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd(), static_cast<off_t>(kPage));
  ASSERT_NE(second, MAP_FAILED);
  service_.fill(memory, {kPage, 4096, 5});
  EXPECT_EQ(static_cast<std::byte*>(second)[9], std::byte{vsoc::pattern(5, kPage + 9)});
  ::munmap(second, kPage);
}

TEST_F(MemoryExportTest, QteeMayOnlyRead) {
  const MemoryObject memory = MemoryObject::allocate(8192, MemoryObject::Access::read_only);
  const MemoryMapping mapping = memory.map();
  mapping.access(CpuAccess::Mode::write).store(16, std::uint64_t{0x0123456789ABCDEF});
  EXPECT_TRUE(sums_agree(memory, mapping, 0, 8192));
  EXPECT_RESULT(service_.fill(memory, {0, 8, 1}), Result::unavailable);
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).load<std::uint64_t>(16), 0x0123456789ABCDEFu);
}

TEST_F(MemoryExportTest, NobodyMayWriteThroughAReadOnlyDescriptor) {
  qcom_tee_alloc_arg arg = alloc_arg(4096, O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(alloc(device_.get(), &arg), 0);
  const MemoryObject memory{FileDescriptor(arg.fd)};
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd(), 0), MAP_FAILED);
  EXPECT_EQ(errno, EACCES);
  void* seen = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, memory.fd(), 0);
  ASSERT_NE(seen, MAP_FAILED);
  EXPECT_EQ(service_.checksum(memory, {0, 4096}), vsoc::checksum(seen, 4096));
  EXPECT_RESULT(service_.fill(memory, {0, 8, 1}), Result::unavailable);
  ::munmap(seen, 4096);
}

TEST_F(MemoryExportTest, WhatCannotBeGivenIsSaidClearly) {
  {
    const Parameter limit("memory_alloc_max_mib", 1, "qtee_mem");
    const MemoryObject fits = MemoryObject::allocate(1 << 20);
    qcom_tee_alloc_arg arg = alloc_arg(4096);
    EXPECT_EQ(alloc(device_.get(), &arg), EDQUOT);
  }
  const Parameter limit("memory_alloc_max_mib", 1 << 20, "qtee_mem");
  qcom_tee_alloc_arg arg = alloc_arg(std::uint64_t{800} << 20);
  EXPECT_EQ(alloc(device_.get(), &arg), ENOMEM);
  arg = alloc_arg(std::uint64_t{1} << 38);
  EXPECT_EQ(alloc(device_.get(), &arg), ENOMEM);
}

TEST_F(MemoryExportTest, ArgumentsAreChecked) {
  const std::size_t before = fds_open();
  const auto refused = [&](qcom_tee_alloc_arg arg) { return alloc(device_.get(), &arg); };
  EXPECT_EQ(refused(alloc_arg(0)), EINVAL);
  EXPECT_EQ(refused(alloc_arg(~std::uint64_t{0})), EINVAL);
  EXPECT_EQ(refused(alloc_arg(std::uint64_t{1} << 63)), EINVAL);
  EXPECT_EQ(refused(alloc_arg(4096, O_WRONLY)), EINVAL);
  EXPECT_EQ(refused(alloc_arg(4096, O_RDWR | O_APPEND)), EINVAL);
  EXPECT_EQ(refused(alloc_arg(4096, O_RDWR, 2)), EINVAL);
  qcom_tee_alloc_arg arg = alloc_arg(4096);
  for (const std::int32_t host_id : {-1, -4, 0, 5}) {
    arg.host_id = host_id;
    EXPECT_EQ(refused(arg), EOPNOTSUPP) << host_id;
  }
  arg = alloc_arg(4096);
  EXPECT_EQ(alloc(device_.get(), &arg, sizeof arg - 1), EINVAL);
  EXPECT_EQ(alloc(device_.get(), nullptr), EFAULT);
  EXPECT_EQ(alloc(server_open().get(), &arg), ENOTTY);
  EXPECT_EQ(alloc(service_.object().fd(), &arg), ENOTTY);

  // What can be read and not written: the memory is gone again, and so is the descriptor.
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memcpy(page, &arg, sizeof arg);
  ::mprotect(page, 4096, PROT_READ);
  EXPECT_EQ(alloc(device_.get(), page), EFAULT);
  ::munmap(page, 4096);
  EXPECT_EQ(fds_open(), before);

  EXPECT_EQ(refused(alloc_arg(1, O_RDWR)), 0);
  ::close(static_cast<int>(before));
  EXPECT_EQ(fds_open(), before);
}

TEST_F(MemoryExportTest, QteesMappingOutlivesTheOwner) {
  Object mapped;
  MemoryMapping mapping;
  {
    const MemoryObject memory = MemoryObject::allocate(8192);
    mapping = memory.map();
    mapped = service_.object().call<Object>(Op::map, vsoc::RangeRequest{0, 8192}, memory);
  }
  mapped.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 8192, 3});
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[8000], std::byte{vsoc::pattern(3, 8000)});
  mapping = MemoryMapping();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(memory_stat("exported"), 1);
  mapped.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 8192, 4});
  mapped.reset();
  EXPECT_EQ(memory_stat_after_calls(service_, "exported", 0), 0);
}

TEST_F(MemoryExportTest, ComesBackAsTheSameMemory) {
  const MemoryObject memory = MemoryObject::allocate(4096);
  memory.map().access(CpuAccess::Mode::write).store(0, std::uint64_t{0x1234});
  const MemoryObject back = service_.object().call<MemoryObject>(Op::mirror, memory);
  ASSERT_TRUE(back);
  EXPECT_EQ(back.map().access(CpuAccess::Mode::read).load<std::uint64_t>(0), 0x1234u);
}

TEST_F(MemoryExportTest, TheModuleStaysAsLongAsItsMemory) {
  {
    const MemoryObject memory = MemoryObject::allocate(4096);
    EXPECT_NE(module_unload("qtee_mem"), 0);
    service_.fill(memory, {0, 8, 1});
  }
  EXPECT_EQ(memory_stat_until("exported", 0), 0);
  service_.report_until([](const vsoc::Report& report) { return report.ns_releases_queued == 0; });
  for (int i = 0; i < 100 && module_unload("qtee_mem") != 0; ++i) {
    service_.null();
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_FALSE(module_loaded("qtee_mem"));
  qcom_tee_alloc_arg arg = alloc_arg(4096);
  EXPECT_EQ(alloc(device_.get(), &arg), EOPNOTSUPP);
  EXPECT_EQ(module_load("qtee_mem"), 0);
  EXPECT_EQ(MemoryObject::allocate(4096).size(), kPage);
}

// Another device, as vsoc_importer.ko is one.
class Device {
 public:
  Device() : fd_(::open("/dev/vsoc-importer", O_RDWR | O_CLOEXEC)) {}
  // The number of segments, or -errno.
  int attach(int dma_buf) const { return result(::ioctl(fd_.get(), _IOW('V', 0, int), &dma_buf)); }
  int fill(std::uint64_t value) const { return result(::ioctl(fd_.get(), _IOW('V', 1, std::uint64_t), &value)); }

 private:
  static int result(int status) { return status < 0 ? -errno : status; }
  FileDescriptor fd_;
};

class MemoryDeviceTest : public MemoryExportTest {
 protected:
  void SetUp() override { ASSERT_EQ(module_load("vsoc_importer"), 0); }
  void TearDown() override {
    EXPECT_EQ(module_unload("vsoc_importer"), 0);
    MemoryExportTest::TearDown();
  }

  // The device writes, and everybody reads it; QTEE writes, and the CPU reads.
  void share(const MemoryObject& memory) {
    const Device device;
    ASSERT_GT(device.attach(memory.fd()), 0);
    const MemoryMapping mapping = memory.map();
    for (std::uint64_t i = 1; i < 20; ++i) {
      ASSERT_EQ(device.fill(i << 32), 0);
      EXPECT_EQ(mapping.access(CpuAccess::Mode::read).load<std::uint64_t>(8 * i), (i << 32) + i);
      ASSERT_TRUE(sums_agree(memory, mapping, 0, memory.size()));
      service_.fill(memory, {0, 4096, i});
      EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[77], std::byte{vsoc::pattern(i, 77)});
    }
  }
};

TEST_F(MemoryDeviceTest, SharesOurs) {
  const MemoryObject memory = MemoryObject::allocate(200'000);
  const Device device;
  EXPECT_EQ(device.attach(memory.fd()), 4) << "segments of 64 KiB";
  share(memory);
}

TEST_F(MemoryDeviceTest, SharesOthers) { share(MemoryObject::from_huge_page(65536)); }

TEST_F(MemoryDeviceTest, OutlivesUs) {
  const Device device;
  {
    const MemoryObject memory = MemoryObject::allocate(8192);
    ASSERT_EQ(device.attach(memory.fd()), 1);
    service_.fill(memory, {0, 8192, 1});
  }
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(memory_stat("exported"), 1);
  EXPECT_EQ(device.fill(7), 0);
  EXPECT_EQ(device.attach(-1), 0);
}

TEST_F(MemoryDeviceTest, ComesAndGoesWhileItIsPassed) {
  for (const bool ours : {true, false}) {
    const Parameter idle("memory_idle_ms", 0, "qtee_mem");
    const MemoryObject memory = ours ? MemoryObject::allocate(65536) : MemoryObject::from_huge_page(65536);
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&] {
        while (!stop) {
          const Device device;
          if (device.attach(memory.fd()) < 1 || device.fill(5) != 0) ++wrong;
        }
      });
    const MemoryMapping mapping = memory.map();
    for (std::uint64_t i = 0; i < 100; ++i) {
      service_.fill(memory, {0, 64, i});
      const CpuAccess access = mapping.access(CpuAccess::Mode::read_write);
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
}

// Allocated, passed and closed by many threads at once, among them processes that are killed.
TEST_F(MemoryExportTest, ManyThreadsAndProcesses) {
  const auto work = [](const vsoc::Service& service, std::uint64_t seed) {
    const MemoryObject memory = MemoryObject::allocate(3 * kWindow);
    const MemoryMapping mapping = memory.map();
    service.fill(memory, {0, 3 * kWindow, seed});
    return mapping.access(CpuAccess::Mode::read).bytes()[2 * kWindow] == std::byte{vsoc::pattern(seed, 2 * kWindow)};
  };
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (std::uint64_t round = 0; round < 60; ++round)
        if (!work(service_, i * 100 + round)) ++wrong;
    });
  for (int round = 0; round < 8; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        const vsoc::Service service = vsoc::Service::open(Root::open());
        for (;;) work(service, 1);
      } catch (...) {
      }
      ::_exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30 + 11 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace qtee::test
