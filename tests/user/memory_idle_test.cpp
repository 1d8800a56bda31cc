// SPDX-License-Identifier: BSD-3-Clause
//
// Memory that QTEE has let go: it stays attached, mapped and bridged for the next pass, and keeps nothing alive.
#include <fcntl.h>
#include <linux/udmabuf.h>
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

#include "file.hpp"
#include "memory_driver.hpp"
#include "module.hpp"
#include "parameter.hpp"
#include "quiet.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

constexpr unsigned kLongMs = 600'000;
constexpr std::size_t kWindow = 4096;

class MemoryIdleTest : public UserTest {
 protected:
  // What was left by the tests before is gone.
  MemoryIdleTest() {
    Parameter now("memory_idle_ms", 0, "qtee_mem");
    EXPECT_EQ(memory_stat_until("objects", 0), 0);
  }

  // One pass: QTEE reads what the CPU has just written there, and lets the memory go.
  bool pass(const MemoryObject& memory, MemoryMapping& mapping, std::size_t offset, std::uint64_t seed) {
    {
      const CpuAccess access = mapping.access(CpuAccess::Mode::write);
      for (std::size_t i = 0; i < kWindow; i += 8) {
        const std::uint64_t word = seed * 0x9E3779B97F4A7C15u + i;
        std::memcpy(access.bytes().data() + offset + i, &word, 8);
      }
    }
    const std::uint64_t sum = service_.checksum(memory, {offset, kWindow});
    return sum == vsoc::checksum(mapping.access(CpuAccess::Mode::read).bytes().data() + offset, kWindow);
  }

  // QTEE writes, the CPU reads.
  bool filled(const MemoryObject& memory, MemoryMapping& mapping, std::size_t offset, std::uint64_t seed) {
    service_.fill(memory, {offset, kWindow, seed});
    const CpuAccess access = mapping.access(CpuAccess::Mode::read);
    for (std::size_t i = offset; i < offset + kWindow; ++i)
      if (access.bytes()[i] != std::byte{vsoc::pattern(seed, i)}) return false;
    return true;
  }

  Parameter idle_ms_{"memory_idle_ms", kLongMs, "qtee_mem"};
};

// How many huge pages of 2 MiB are in use, once it is `expected`.
long huge_pages_used(long expected) {
  const auto number = [](const std::string& name) {
    return std::stol(file_read("/sys/kernel/mm/hugepages/hugepages-2048kB/" + name));
  };
  long used = -1;
  for (int i = 0; i < 300 && used != expected; ++i) {
    if (i != 0) std::this_thread::sleep_for(10ms);
    used = number("nr_hugepages") - number("free_hugepages");
  }
  return used;
}

TEST_F(MemoryIdleTest, PassedAThousandTimesAndAttachedOnce) {
  const std::size_t size = 1 << 20;
  const MemoryObject memory = MemoryObject::from_huge_page(size);
  MemoryMapping mapping = memory.map();
  const Still still(service_);
  const bool bridging = service_.report().bridges != 0;
  const auto before = service_.counters();
  const MemoryStats stats;
  for (std::size_t i = 0; i < 500; ++i) {
    ASSERT_TRUE(pass(memory, mapping, i * 3 * kWindow % size, i)) << i;
    ASSERT_TRUE(filled(memory, mapping, i * 5 * kWindow % size, i)) << i;
  }
  EXPECT_EQ(service_.checksum(memory, {0, size}),
            vsoc::checksum(mapping.access(CpuAccess::Mode::read).bytes().data(), size));
  EXPECT_EQ(stats.passes(), 1001);
  EXPECT_EQ(stats.attached(), 1);
  EXPECT_EQ(stats.mapped(), 1);
  EXPECT_EQ(stats.bridged(), 1);
  EXPECT_EQ(stats.told(), 1001);
  EXPECT_EQ(service_.counters().bridge_creates - before.bridge_creates, bridging ? 1u : 0u);
  EXPECT_EQ(memory_stat("idle"), 1);
}

TEST_F(MemoryIdleTest, EndsWithItsLastUser) {
  ASSERT_EQ(huge_pages_used(0), 0);
  for (int i = 0; i < 5; ++i) {
    const MemoryObject memory = MemoryObject::from_huge_page(4096);
    service_.fill(memory, {0, 8, 1});
    EXPECT_EQ(huge_pages_used(1), 1);
  }
  EXPECT_EQ(memory_stat_until("objects", 0), 0);
  EXPECT_EQ(huge_pages_used(0), 0);
}

TEST_F(MemoryIdleTest, EndsWithItsMapping) {
  MemoryMapping mapping;
  {
    const MemoryObject memory = MemoryObject::from_huge_page(4096);
    mapping = memory.map();
    service_.fill(memory, {0, 8, 1});
  }
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[3], std::byte{vsoc::pattern(1, 3)});
  mapping = MemoryMapping();
  EXPECT_EQ(memory_stat_until("objects", 0), 0);
}

TEST_F(MemoryIdleTest, IsLetGoAfterATime) {
  const Parameter soon("memory_idle_ms", 50, "qtee_mem");
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  const MemoryStats stats;
  service_.fill(memory, {0, 8, 1});
  EXPECT_EQ(memory_stat_until("objects", 0), 0);
  service_.fill(memory, {0, 8, 2});
  EXPECT_EQ(stats.attached(), 2);
  EXPECT_EQ(memory_stat_until("idle", 0), 0);
}

TEST_F(MemoryIdleTest, IsNotKeptAtAll) {
  const Parameter never("memory_idle_ms", 0, "qtee_mem");
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  const MemoryStats stats;
  for (int i = 0; i < 20; ++i) {
    service_.fill(memory, {0, 8, 1});
    EXPECT_EQ(memory_stat_until("objects", 0), 0);
  }
  EXPECT_EQ(stats.attached(), 20);
}

TEST_F(MemoryIdleTest, OnlySoManyAreKeptAndTheOldestGoFirst) {
  const Parameter most("memory_idle_max", 2, "qtee_mem");
  std::vector<MemoryObject> memories;
  for (int i = 0; i < 5; ++i) {
    memories.push_back(MemoryObject::from_huge_page(4096));
    service_.fill(memories.back(), {0, 8, 1});
  }
  EXPECT_EQ(memory_stat_until("objects", 2), 2);
  const MemoryStats stats;
  service_.fill(memories[3], {0, 8, 1});
  service_.fill(memories[4], {0, 8, 1});
  EXPECT_EQ(stats.attached(), 0);
  service_.fill(memories[0], {0, 8, 1});
  EXPECT_EQ(stats.attached(), 1);
}

TEST_F(MemoryIdleTest, IsGivenBackUnderMemoryPressure) {
  std::vector<MemoryObject> memories;
  for (int i = 0; i < 5; ++i) {
    memories.push_back(MemoryObject::from_huge_page(4096));
    service_.fill(memories.back(), {0, 8, 1});
  }
  EXPECT_EQ(memory_stat("idle"), 5);
  ASSERT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
  EXPECT_EQ(memory_stat_until("objects", 0), 0);
  service_.fill(memories[0], {0, 8, 1});
}

// What QTEE holds is not idle, whatever the user closes and however scarce memory is.
TEST_F(MemoryIdleTest, WhatQteeHoldsStays) {
  const Parameter soon("memory_idle_ms", 1, "qtee_mem");
  const MemoryStats stats;
  MemoryMapping mapping;
  Object mapped;
  {
    const MemoryObject memory = MemoryObject::from_huge_page(4096);
    mapping = memory.map();
    mapped = service_.object().call<Object>(Op::map, vsoc::RangeRequest{0, 4096}, memory);
  }
  ASSERT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(memory_stat("objects"), 1);
  EXPECT_EQ(memory_stat("idle"), 0);
  mapped.call<std::uint64_t>(Op::touch, vsoc::FillRequest{0, 4096, 9});
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[77], std::byte{vsoc::pattern(9, 77)});
  mapped.reset();
  mapping = MemoryMapping();
  EXPECT_EQ(memory_stat_after_calls(service_, "objects", 0), 0);
  EXPECT_EQ(stats.attached(), 1);
}

TEST_F(MemoryIdleTest, TwoProcessesShareOneAttachment) {
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  const MemoryStats stats;
  service_.fill(memory, {0, 4096, 1});
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      const vsoc::Service service = vsoc::Service::open(Root::open());
      for (int i = 0; i < 50; ++i) service.fill(memory, {0, 2048, 7});
      status = 0;
    } catch (...) {
    }
    ::_exit(status);
  }
  for (int i = 0; i < 50; ++i) service_.fill(memory, {2048, 2048, 8});
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(stats.attached(), 1);
  const MemoryMapping mapping = memory.map();
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[100], std::byte{vsoc::pattern(7, 100)});
  EXPECT_EQ(mapping.access(CpuAccess::Mode::read).bytes()[3000], std::byte{vsoc::pattern(8, 3000)});
}

// Two dma-bufs over one memory: QTEE's bridge is the first one's as long as that is idle, and then has to make room.
TEST_F(MemoryIdleTest, MakesRoomForAnotherDmaBufOfTheSameMemory) {
  const FileDescriptor page = huge_page();
  const MemoryObject first = dma_buf_over(page, 2 * kPage), second = dma_buf_over(page, 2 * kPage);
  for (std::uint64_t i = 0; i < 10; ++i) {
    service_.fill(i % 2 == 0 ? first : second, {0, 8192, i});
    EXPECT_EQ(first.map().access(CpuAccess::Mode::read).bytes()[4100], std::byte{vsoc::pattern(i, 4100)});
  }
}

// The module goes while memory is idle whose dma-buf is open, and comes back.
TEST_F(MemoryIdleTest, UnloadingTheModuleEndsIt) {
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  service_.fill(memory, {0, 8, 1});
  ASSERT_EQ(memory_stat("idle"), 1);
  service_.report_until([](const vsoc::Report& report) { return report.ns_releases_queued == 0; });
  ASSERT_EQ(module_unload("qtee_mem"), 0);
  EXPECT_FALSE(service_.object().try_call<std::uint64_t>(Op::checksum, vsoc::RangeRequest{0, 8}, memory));
  ASSERT_EQ(module_load("qtee_mem"), 0);
  const Parameter idle("memory_idle_ms", kLongMs, "qtee_mem");
  service_.fill(memory, {0, 8, 2});
  EXPECT_EQ(memory.map().access(CpuAccess::Mode::read).bytes()[3], std::byte{vsoc::pattern(2, 3)});
}

// Making and ending of one memory object, over and over, by threads that all want it.
TEST_F(MemoryIdleTest, ManyThreadsImportOneDmaBuf) {
  for (const unsigned keep : {0u, 1u, kLongMs}) {
    const Parameter idle("memory_idle_ms", keep, "qtee_mem");
    const MemoryObject memory = MemoryObject::from_huge_page(8 * kWindow);
    // udmabuf (7.3) leaks its table of pages when its first two CPU accesses begin at once.
    const MemoryMapping first = memory.map();
    first.access(CpuAccess::Mode::read);
    const MemoryStats stats;
    constexpr int kThreads = 6, kPasses = 60;
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        MemoryMapping mapping = memory.map();
        for (int pass_number = 0; pass_number < kPasses; ++pass_number)
          if (!filled(memory, mapping, i * kWindow, i * 1000 + pass_number)) ++wrong;
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(stats.passes(), kThreads * kPasses);
    EXPECT_GE(stats.attached(), 1);
    if (keep == kLongMs) {
      EXPECT_EQ(stats.attached(), 1);
    }
  }
}

// Descriptors are closed while other threads pass them: a pass succeeds, or says that there is no such descriptor.
TEST_F(MemoryIdleTest, ClosedWhileItIsPassed) {
  for (const unsigned keep : {0u, 1u, kLongMs}) {
    const Parameter idle("memory_idle_ms", keep, "qtee_mem");
    std::atomic<bool> stop{false};
    std::atomic<int> passed{0}, other{0};
    std::atomic<int> fd{-1};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&] {
        while (!stop) {
          qcom_tee_param param{};
          param.attr = QCOM_TEE_OBJECT;
          param.direction = 1;
          param.object.id = static_cast<std::uint64_t>(fd.load());
          param.object.host_id = QCOM_TEE_MEMORY_OBJECT;
          RawInvoke invocation(static_cast<std::uint32_t>(Op::mirror), {param});
          const int error = invocation.invoke(service_.object().fd());
          if (error == 0) ++passed;
          if (error != 0 && error != EBADF) ++other;
        }
      });
    for (int i = 0; i < 60; ++i) {
      fd = ::dup(MemoryObject::from_huge_page(4096).fd());
      std::this_thread::sleep_for(3ms);
      ::close(fd);
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(passed, 0);
    EXPECT_EQ(other, 0);
  }
}

// Processes are killed in the middle of passing one dma-buf that others pass too.
TEST_F(MemoryIdleTest, KilledWhileItIsPassed) {
  const Parameter idle("memory_idle_ms", 1, "qtee_mem");
  const MemoryObject memory = MemoryObject::from_huge_page(8192);
  for (int round = 0; round < 15; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        const vsoc::Service service = vsoc::Service::open(Root::open());
        const MemoryObject own = MemoryObject::from_huge_page(4096);
        for (;;) {
          service.fill(memory, {0, 4096, 1});
          service.fill(own, {0, 4096, 1});
        }
      } catch (...) {
      }
      ::_exit(1);
    }
    for (int i = 0; i < 10; ++i) service_.fill(memory, {4096, 4096, static_cast<std::uint64_t>(i)});
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 7 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
  }
  service_.fill(memory, {0, 8192, 3});
  EXPECT_EQ(memory.map().access(CpuAccess::Mode::read).bytes()[8000], std::byte{vsoc::pattern(3, 8000)});
}

}  // namespace
}  // namespace qtee::test
