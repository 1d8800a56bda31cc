// SPDX-License-Identifier: BSD-3-Clause
#include "verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace qtee::bpf {
namespace {

class VerdictTest : public ::testing::Test {
 protected:
  std::string verdict() const {
    return slow_verdict(call_, [](std::uint32_t id) { return "function_" + std::to_string(id); });
  }
  void wait(unsigned phase, unsigned kind, std::uint64_t ms, std::uint32_t stack) {
    slow_wait& wait = call_.wait[call_.waits++];
    wait = {};
    wait.ns = ms * 1'000'000;
    wait.stack = stack;
    wait.phase = static_cast<__u8>(phase);
    wait.kind = static_cast<__u8>(kind);
  }
  void phases(std::uint64_t in, std::uint64_t secure, std::uint64_t callback, std::uint64_t out) {
    const std::uint64_t ms[SLOW_PHASES] = {in, secure, callback, out};
    call_.total = 0;
    for (unsigned i = 0; i < SLOW_PHASES; ++i) {
      call_.phases[i] = ms[i] * 1'000'000;
      call_.total += call_.phases[i];
    }
  }
  slow_call call_{};
};

TEST_F(VerdictTest, SecureWorld) {
  phases(1, 98, 0, 1);
  EXPECT_EQ(verdict(), "The secure world took 98.0 ms of 100 ms (98.0 %).");
  call_.interrupted = 1;
  call_.slept = 3;
  EXPECT_EQ(verdict(), "The secure world took 98.0 ms of 100 ms (98.0 %), interrupted once, asleep 3 times.");
  wait(SLOW_SECURE, SLOW_ASLEEP, 60, 7);
  EXPECT_EQ(verdict(),
            "The secure world took 98.0 ms of 100 ms (98.0 %), interrupted once, asleep 3 times; it slept for "
            "60.0 ms in function_7.");
}

TEST_F(VerdictTest, LinuxByWhatItDidForTheLongest) {
  phases(90, 5, 0, 5);
  EXPECT_EQ(verdict(), "Linux, on the way in, took 90.0 ms of 100 ms (90.0 %).");
  wait(SLOW_LINUX_IN, SLOW_ASLEEP, 30, 1);
  wait(SLOW_LINUX_IN, SLOW_RUNNING, 50, 2);
  wait(SLOW_SECURE, SLOW_ASLEEP, 80, 3);
  EXPECT_EQ(verdict(), "Linux, on the way in, took 90.0 ms of 100 ms (90.0 %); it ran for 50.0 ms in function_2.");
  wait(SLOW_LINUX_IN, SLOW_PREEMPTED, 70, 4);
  EXPECT_EQ(verdict(),
            "Linux, on the way in, took 90.0 ms of 100 ms (90.0 %); for 70.0 ms it could have run and another "
            "thread did.");
}

TEST_F(VerdictTest, WhatIsLittleIsNotNamed) {
  phases(0, 5, 0, 95);
  wait(SLOW_LINUX_OUT, SLOW_ASLEEP, 10, 1);
  EXPECT_EQ(verdict(), "Linux, on the way out, took 95.0 ms of 100 ms (95.0 %).");
}

TEST_F(VerdictTest, Servers) {
  phases(1, 9, 90, 0);
  call_.callbacks = 1;
  call_.longest.object = 0x80000005;
  call_.longest.op = 7;
  call_.longest.server = 412;
  call_.longest.server_ns = call_.server_ns = 88'000'000;
  std::ranges::copy(std::string("keymaster"), call_.longest.comm);
  EXPECT_EQ(verdict(),
            "Server keymaster[412] took 88.0 ms of 100 ms (88.0 %): callback 7 of object 0x80000005, 88.0 ms.");
  call_.callbacks = 3;
  call_.longest.error = -19;
  EXPECT_EQ(verdict(),
            "Server keymaster[412] took 88.0 ms of 100 ms (88.0 %): callback 7 of object 0x80000005, the longest "
            "of 3, 88.0 ms, and failed with -19(ENODEV).");
  call_.longest.error = 0;
  call_.longest.server_ns = call_.server_ns = 2'000'000;
  call_.longest.queue_ns = 85'000'000;
  EXPECT_EQ(verdict(),
            "Waiting for server keymaster[412] took 88.0 ms of 100 ms (88.0 %): callback 7 of object 0x80000005, "
            "the longest of 3, 85.0 ms for a thread of it.");
}

TEST_F(VerdictTest, CallbacksToTheKernel) {
  phases(1, 9, 90, 0);
  call_.callbacks = 1;
  call_.longest.object = 0x80000000;
  call_.longest.op = 2;
  call_.longest.ns = 90'000'000;
  EXPECT_EQ(verdict(),
            "Callbacks to the kernel took 90.0 ms of 100 ms (90.0 %): callback SLEEP of object 0x80000000, 90.0 ms.");
}

}  // namespace
}  // namespace qtee::bpf
