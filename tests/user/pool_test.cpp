// SPDX-License-Identifier: BSD-3-Clause
//
// Message buffers: that nothing of a call is left in them, that they are given back, that there are not more than
// there may be, and that whoever needs one waits or is told.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <span>
#include <thread>

#include "alive.hpp"
#include "file.hpp"
#include "parameter.hpp"
#include "peer.hpp"
#include "pinned.hpp"
#include "quiet.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

// The driver keeps one for the releases of TEE objects.
constexpr unsigned kPairsOfReleases = 1;

// In and out a message that nearly fills a pair, where pages are 16 KiB (48 KiB), too.
constexpr std::size_t kPairful = 22'000;

// Messages that a pair has room for, and that are retained.
constexpr std::size_t kRetained[] = {1001, 4000, 20'000, kPairful};

class PoolTest : public UserTest {
 protected:
  /// What QTEE finds in the buffers of a call with inputs and outputs of these sizes, and with an object or without.
  vsoc::Residue residue(std::size_t in, std::size_t out, bool object = false) {
    const std::vector<std::byte> input(in);
    std::vector<std::byte> output(out);
    vsoc::Residue found{};
    const int service = service_.object().fd();
    RawInvoke call(static_cast<std::uint32_t>(Op::residue), object ? 4 : 3);
    call.param(0) = param_in(input.data(), in);
    call.param(1) = param_out(&found, sizeof found);
    call.param(2) = param_out(output.data(), out);
    if (object) call.param(3) = param_object(service, QCOM_TEE_OBJECT_SECURE);
    EXPECT_EQ(call.invoke(service), 0);
    EXPECT_EQ(call.head().result, 0);
    return found;
  }

  void expect_no_residue(std::size_t in, std::size_t out) {
    for (const bool object : {false, true}) {
      const vsoc::Residue found = residue(in, out, object);
      EXPECT_EQ(found.inbound, 0u) << "of " << found.inbound_size << " bytes, with " << in << " and " << out;
      EXPECT_EQ(found.outbound, 0u) << "of " << found.outbound_size << " bytes, with " << in << " and " << out;
      EXPECT_GE(found.inbound_size, in + out);
    }
  }

  /// The buffers of this CPU, every one, in calls of all sizes.
  void expect_all_clean() {
    for (const std::size_t size : {0u, 100u, 4000u, 20'000u, 28'000u, 60'000u, 110'000u, 200'000u}) {
      expect_no_residue(size, 0);
      expect_no_residue(0, size);
      expect_no_residue(size, size);
    }
  }

  /// Sends and gets bytes that are not zero.
  void soil(std::size_t size) {
    const std::vector<std::byte> input(size, std::byte{0xA5});
    std::vector<std::byte> output(size);
    RawInvoke call(static_cast<std::uint32_t>(Op::echo),
                   {param_in(input.data(), size), param_out(output.data(), size)});
    ASSERT_EQ(call.invoke(service_.object().fd()), 0);
    ASSERT_EQ(output, input);
  }

  /// Has a process of its own, on this CPU, do that.
  template <class F>
  static void in_child(const F& work, int expected = 0) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      work();
      ::_exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, expected << 8);
  }

  /// One message that only a buffer of 2 MiB holds.
  void invoke_large() {
    const std::vector<std::byte> input(std::size_t{1} << 20);
    std::vector<std::byte> output(8);
    RawInvoke call(static_cast<std::uint32_t>(Op::mirror),
                   {param_in(output.data(), output.size()), param_in(input.data(), input.size()),
                    param_out(output.data(), output.size())});
    ASSERT_EQ(call.invoke(service_.object().fd()), 0);
    ASSERT_EQ(call.head().result, 0);
  }

  /// All pairs lie somewhere.
  static bool pairs_are_idle() {
    return driver_number("pools/pairs/count") ==
           driver_number("pools/pairs/idle") + driver_number("pools/pairs/cached") + kPairsOfReleases;
  }
};

TEST_F(PoolTest, NothingOfACallIsLeft) {
  const Pinned pinned;
  for (const std::size_t size : {10u, 4000u, 29'000u, 60'000u, 90'000u, 500'000u}) {
    soil(size);
    expect_all_clean();
  }
}

TEST_F(PoolTest, AProgramFindsItsOwnAlone) {
  const Pinned pinned;
  // Where it finds what it left itself, as nobody needs that cleared.
  soil(4000);
  EXPECT_GT(residue(0, 4000).outputs, 0u);
  in_child([&] { soil(4000); });
  EXPECT_EQ(residue(0, 4000).outputs, 0u);
  for (const std::size_t size : kRetained) {
    in_child([&] { soil(kPairful); });
    EXPECT_EQ(residue(0, size).outputs, 0u) << size;
    soil(size);
  }
}

TEST_F(PoolTest, AProgramThatComesAfterInTheSameProcessFindsNothing) {
  const Pinned pinned;
  in_child(
      [&] {
        soil(kPeerOutput);
        ::_exit(peer_exec(peer_job::look, service_.object().fd()));
      },
      kPeerDone);
}

TEST_F(PoolTest, NothingIsRetainedThatShouldNotBe) {
  const Pinned pinned;
  soil(kPairful);
  const Parameter retain("message_retain", 0);
  for (const std::size_t size : kRetained) {
    EXPECT_EQ(residue(0, size).outputs, 0u) << size;
    soil(size);
  }
}

TEST_F(PoolTest, NothingOfACallbackIsLeft) {
  const Pinned pinned;
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest& call) {
    const std::vector<std::byte> answer(call.output_capacity(0), std::byte{0x5A});
    call.set_output(0, answer);
    return Result::ok;
  });
  const std::vector<std::byte> input(1500, std::byte{0xA5});
  std::vector<std::byte> output(2000);
  const vsoc::CallbackRequest request{0, 3};
  Invocation invocation(Op::callback);
  invocation.input(std::as_bytes(std::span(&request, 1))).input(input).output(output).input(own);
  ASSERT_FALSE(invocation.invoke(service_.object()));
  expect_all_clean();
  EXPECT_TRUE(all_released(server));
  expect_all_clean();
}

TEST_F(PoolTest, NothingOfACallThatFailsIsLeft) {
  const Pinned pinned;
  const int service = service_.object().fd();
  const std::vector<std::byte> input(50'000, std::byte{0xA5});
  const auto op = static_cast<std::uint32_t>(Op::mirror);
  // The second input is not there; the output is not there; QTEE answers an error; the message is too large.
  EXPECT_EQ(RawInvoke(op, {param_in(input.data(), input.size()), param_in(nullptr, 5000)}).invoke(service), EFAULT);
  EXPECT_EQ(RawInvoke(op, {param_in(input.data(), 4000), param_out(nullptr, 5000)}).invoke(service), EFAULT);
  EXPECT_EQ(RawInvoke(static_cast<std::uint32_t>(Op::fail), {param_in(input.data(), input.size())}).invoke(service), 0);
  EXPECT_EQ(RawInvoke(op, {param_in(input.data(), input.size()), param_in(input.data(), 5u << 20)}).invoke(service),
            EMSGSIZE);
  expect_all_clean();
}

TEST_F(PoolTest, WhatIsIdleForLongIsGivenBack) {
  const Parameter trim("trim_ms", 50);
  invoke_large();
  EXPECT_TRUE(soon([] { return driver_number("pools/2048k/count") == 0; }));
  EXPECT_TRUE(soon([] { return driver_number("pools/pairs/idle") <= driver_number("pools/pairs/spare"); }));
  service_.null();
}

TEST_F(PoolTest, LargeBuffersAreUsedAgain) {
  const Parameter trim("trim_ms", 3'600'000);
  invoke_large();
  const auto misses = driver_number("pools/2048k/misses");
  for (int i = 0; i < 10; ++i) invoke_large();
  EXPECT_EQ(driver_number("pools/2048k/misses"), misses);
  EXPECT_GE(driver_number("pools/2048k/hits"), 10u);
}

TEST_F(PoolTest, MemoryPressureTakesWhatIsIdle) {
  const Parameter trim("trim_ms", 3'600'000);
  invoke_large();
  ASSERT_EQ(driver_number("pools/2048k/idle"), 1u);
  const auto before = driver_number("pools/bytes");
  ASSERT_TRUE(soon([&] {
    EXPECT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
    return driver_number("pools/2048k/count") == 0;
  }));
  EXPECT_TRUE(soon([&] { return driver_number("pools/bytes") <= before - (2u << 20); }));
  service_.null();
  invoke_large();
}

// Invocations that stay under way until they are let go, each with a pair of buffers.
class Stay {
 public:
  Stay(const vsoc::Service& service, unsigned count) : begun_(count), threads_(count) {
    for (auto& thread : threads_) {
      thread = std::thread([&] {
        const CallbackObject own = server_.add([&](CallbackRequest&) {
          begun_.count_down();
          go_.wait(0);
          return Result::ok;
        });
        service.object().call(Op::callback, vsoc::CallbackRequest{0, 1}, own);
      });
    }
    begun_.wait();
  }
  ~Stay() { let_go(); }
  void let_go() {
    go_ = 1;
    go_.notify_all();
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }

 private:
  CallbackServer server_{CallbackServer::Options{.threads = 8}};
  std::latch begun_;
  std::atomic<int> go_{0};
  std::vector<std::thread> threads_;
};

TEST_F(PoolTest, WithoutAPairACallWaitsAndThenIsTold) {
  const Parameter max("messages_max", 3 + kPairsOfReleases);
  const Parameter patient("message_wait_ms", 60'000);
  Stay stay(service_, 3);
  {
    const Parameter wait("message_wait_ms", 0);
    EXPECT_EQ(service_.object().try_call(Op::null).error(), std::errc::resource_unavailable_try_again);
  }
  const Parameter wait("message_wait_ms", 50);
  const auto waits = driver_number("pools/pairs/waits");
  const auto failures = driver_number("pools/pairs/failures");
  EXPECT_EQ(service_.object().try_call(Op::null).error(), std::errc::resource_unavailable_try_again);
  EXPECT_GE(driver_number("pools/pairs/waits"), waits + 1);
  EXPECT_GE(driver_number("pools/pairs/failures"), failures + 1);
}

TEST_F(PoolTest, AWaitingCallGetsThePairThatComesBack) {
  const Parameter max("messages_max", 3 + kPairsOfReleases);
  const Parameter wait("message_wait_ms", 60'000);
  const auto waits = driver_number("pools/pairs/waits");
  Stay stay(service_, 3);
  auto waiting = std::async(std::launch::async, [&] { return service_.object().try_call(Op::null).error(); });
  ASSERT_TRUE(soon([&] { return driver_number("pools/pairs/waits") > waits; }));
  EXPECT_EQ(waiting.wait_for(0ms), std::future_status::timeout);
  stay.let_go();
  EXPECT_FALSE(waiting.get());
}

// The pairs that other CPUs keep for themselves are not out of reach.
TEST_F(PoolTest, AWaitingCallGetsAPairThatLiesIdleOnAnotherCpu) {
  const Parameter max("messages_max", 3 + kPairsOfReleases);
  const Parameter wait("message_wait_ms", 60'000);
  const Parameter per_cpu("messages_per_cpu", 3);
  cpu_set_t all;
  sched_getaffinity(0, sizeof(all), &all);
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "one CPU";
  {
    Stay everywhere(service_, 3);
  }
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(static_cast<unsigned>(cpu), &all)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(cpu), &one);
    sched_setaffinity(0, sizeof(one), &one);
    // Three at once need all there are, wherever the last ones left them.
    Stay here(service_, 3);
  }
  sched_setaffinity(0, sizeof(all), &all);
}

TEST_F(PoolTest, WithoutMemoryALargeCallIsTold) {
  const Parameter trim("trim_ms", 50);
  ASSERT_TRUE(soon([] { return driver_number("pools/2048k/count") == 0; }));
  const Parameter max("pool_max_kib", driver_number("pools/bytes") / 1024 + 64);
  const std::vector<std::byte> input(std::size_t{1} << 20);
  const auto failures = driver_number("pools/2048k/failures");
  EXPECT_EQ(RawInvoke(static_cast<std::uint32_t>(Op::mirror), {param_in(input.data(), input.size())})
                .invoke(service_.object().fd()),
            ENOMEM);
  EXPECT_EQ(driver_number("pools/2048k/failures"), failures + 1);
}

TEST_F(PoolTest, SizesApplyToNewPairs) {
  const auto misses = driver_number("pools/128k/misses") + driver_number("pools/128k/hits");
  {
    const Parameter in("message_in_kib", kPage >> 9);
    EXPECT_EQ(driver_number("pools/pairs/size"),
              2 * kPage + std::stoull(file_read(parameter_path("message_out_kib"))) * 1024);
    // A worker on each CPU takes the old pairs away.
    EXPECT_TRUE(soon([&] {
      soil(3 * kPage / 2);
      return driver_number("pools/128k/misses") + driver_number("pools/128k/hits") > misses;
    })) << "three pages went into two";
  }
  soil(3 * kPage / 2);
}

TEST_F(PoolTest, TunablesHaveBounds) {
  EXPECT_EQ(file_write(parameter_path("messages_max"), "1"), EINVAL);
  EXPECT_EQ(file_write(parameter_path("message_in_kib"), "4097"), EINVAL);
  EXPECT_EQ(file_write(parameter_path("message_in_kib"), "0"), EINVAL);
  EXPECT_EQ(file_write(parameter_path("message_in_kib"), "4096"), EINVAL) << "with the outbound one it is too large";
  EXPECT_EQ(file_write(parameter_path("pool_max_kib"), "64"), EINVAL) << "less than two pairs";
  EXPECT_EQ(file_read(parameter_path("pool_max_kib")), "65536");
  EXPECT_EQ(file_write(parameter_path("trim_ms"), "never"), EINVAL);
  EXPECT_EQ(file_write(driver_folder() + "pools/128k/limit", "0"), EINVAL);
  EXPECT_EQ(file_write(driver_folder() + "pools/128k/limit", "1"), 0);
  EXPECT_EQ(driver_number("pools/128k/limit"), 1u);
  EXPECT_EQ(file_write(driver_folder() + "pools/128k/limit", "4"), 0);
}

TEST_F(PoolTest, SizesAskedForAreCounted) {
  const auto asked = [](std::uint64_t upto) {
    std::ifstream file(driver_folder() + "pools/sizes");
    for (std::uint64_t bytes, count; file >> bytes >> count;)
      if (bytes == upto) return count;
    return std::uint64_t{0};
  };
  const auto before = asked(16384);
  for (int i = 0; i < 20; ++i) soil(5000);
  EXPECT_GE(asked(16384), before + 20);
}

// All at once: sizes of every kind, nested calls, CPUs that come and go, tunables that change, memory pressure.
TEST_F(PoolTest, NothingGoesWrongUnderChange) {
  std::atomic<bool> end{false};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::uint64_t state = seed + 1;
      while (!end) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const std::size_t size = state >> 40 & (state >> 63 ? 0x1FFFF : 0x1FFF);
        const auto input = bytes_of(size, state);
        std::vector<std::byte> output(size);
        RawInvoke call(static_cast<std::uint32_t>(Op::echo),
                       {param_in(input.data(), size), param_out(output.data(), size)});
        const int error = call.invoke(service_.object().fd());
        if (error == EAGAIN || error == ENOMEM) continue;
        ASSERT_EQ(error, 0);
        ASSERT_EQ(output, input);
      }
    });
  }
  threads.emplace_back([&] {
    CallbackServer server;
    const CallbackObject own = server.add([&](CallbackRequest&) {
      (void)service_.object().try_call(Op::null);
      return Result::ok;
    });
    while (!end) (void)service_.object().try_call(Op::callback, vsoc::CallbackRequest{0, 2}, own);
    (void)all_released(server);
  });

  const std::string cpu = "/sys/devices/system/cpu/cpu1/online";
  const bool hotplug = std::ifstream(cpu).good();
  for (unsigned round = 0; round < 12; ++round) {
    if (hotplug) {
      EXPECT_EQ(file_write(cpu, round % 2 == 0 ? "0" : "1"), 0);
    }
    const Parameter per_cpu("messages_per_cpu", round % 4);
    const Parameter trim("trim_ms", round % 3 == 0 ? 10 : 10'000);
    const Parameter max("messages_max", round % 5 == 4 ? 1 + kPairsOfReleases : 128);
    const Parameter in("message_in_kib", 4 + round * 8);
    EXPECT_EQ(file_write("/proc/sys/vm/drop_caches", "2"), 0);
    std::this_thread::sleep_for(100ms);
  }
  if (hotplug) file_write(cpu, "1");
  end = true;
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(soon(pairs_are_idle)) << driver_number("pools/pairs/count") << " pairs, "
                                    << driver_number("pools/pairs/idle") << " idle, "
                                    << driver_number("pools/pairs/cached") << " cached";
  expect_all_clean();
}

}  // namespace
}  // namespace qtee::test
