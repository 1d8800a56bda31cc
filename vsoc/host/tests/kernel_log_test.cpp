// SPDX-License-Identifier: BSD-3-Clause
#include "kernel_log.hpp"

#include <gtest/gtest.h>

namespace qtee::vsoc {
namespace {

TEST(KernelLogTest, AnOrdinaryBootIsClean) {
  EXPECT_FALSE(kernel_log_complaint(""));
  EXPECT_FALSE(
      kernel_log_complaint("[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x414fd0b1]\n"
                           "[    0.067834] Spectre-BHB: mitigated\n"
                           "[    0.100000] ACPI: Interpreter disabled.\n"
                           "[    1.123456] qtee: loaded, debug is off\n"
                           "[    5.370609] reboot: Power down\n"));
}

class KernelLogComplaintTest : public ::testing::TestWithParam<const char*> {};

TEST_P(KernelLogComplaintTest, IsFound) {
  const std::string log = std::string("[    1.0] first\n[    2.0] ") + GetParam() + "\n[    3.0] last\n";
  const auto complaint = kernel_log_complaint(log);
  ASSERT_TRUE(complaint);
  EXPECT_EQ(complaint->line, std::string("[    2.0] ") + GetParam());
  EXPECT_EQ(complaint->at, 16u);
}

INSTANTIATE_TEST_SUITE_P(
    Of, KernelLogComplaintTest,
    ::testing::Values(
        "------------[ cut here ]------------", "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x0/0x4",
        "WARNING: possible circular locking dependency detected",
        "BUG: sleeping function called from invalid context at mm/slab.h:1", "kernel BUG at lib/x.c:1!",
        "BUG kmalloc-64 (Not tainted): Poison overwritten", "BUG: KASAN: slab-use-after-free in f+0x1/0x2",
        "Unable to handle kernel NULL pointer dereference at virtual address 10",
        "Internal error: Oops: 0000000096000044 [#1] SMP", "Kernel panic - not syncing: Fatal exception",
        "rcu: INFO: rcu_preempt self-detected stall on CPU", "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
        "INFO: task cat:12 blocked for more than 120 seconds.", "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!",
        "refcount_t: underflow; use-after-free.", "UBSAN: array-index-out-of-bounds in f.c:1",
        "kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
        "list_del corruption. prev->next should be 1, but was 2", "Out of memory: Killed process 1 (a)",
        // What DMA debugging finds comes with a WARN().
        "WARNING: at check_sync+0xd8c/0x1540, CPU#0: qtee-demo/49"));

TEST(KernelLogTest, WhatADebugKernelSaysOfItselfIsNoComplaint) {
  for (const std::string_view line :
       {"DMA-API: debugging enabled by kernel config", "kmemleak: Kernel memory leak detector initialized",
        "Running RCU self tests", "Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar"})
    EXPECT_FALSE(kernel_log_complaint(line)) << line;
}

TEST(KernelLogTest, TailAndSurroundings) {
  constexpr std::string_view log = "a\nb\nc\nd\n";
  EXPECT_EQ(log_tail(log, 2), "c\nd\n");
  EXPECT_EQ(log_tail(log, 9), log);
  EXPECT_EQ(log_tail("a\nb", 1), "b");
  EXPECT_EQ(log_tail("", 3), "");
  EXPECT_EQ(log_around(log, 4, 1, 2), "b\nc\n");
  EXPECT_EQ(log_around(log, 4, 9, 9), log);
  EXPECT_EQ(log_around(log, 6, 0, 9), "d\n");
}

}  // namespace
}  // namespace qtee::vsoc
