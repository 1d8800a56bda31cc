// SPDX-License-Identifier: BSD-3-Clause
//
// A module does what each checker of the debug kernel is there to find: the run must fail and show it.
#include <gtest/gtest.h>

#include "process.hpp"

namespace qtee::vsoc::test {
namespace {

using std::chrono::seconds;

constexpr int kStatusMachine = 125;

Outcome run_debug(const std::string& script) {
  return run(
      {QTEE_TREE "/vsoc/run", "--driver", "none", "--kernel", "debug", "--timeout", "500", "--", "bash", "-ec", script},
      "", {}, seconds(800));
}

struct Fault {
  const char* name;
  const char* kind;
  const char* told;
};

void PrintTo(const Fault& fault, std::ostream* stream) { *stream << fault.kind; }

class RunDebugFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(RunDebugFaultTest, IsFound) {
  const Outcome outcome = run_debug(std::string("insmod /qtee/modules/debug/vsoc_fault.ko kind=") + GetParam().kind);
  EXPECT_EQ(outcome.status, kStatusMachine);
  EXPECT_NE(outcome.err.find(GetParam().told), std::string::npos) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(
    Of, RunDebugFaultTest,
    ::testing::Values(Fault{"Kasan", "use-after-free", "KASAN: slab-use-after-free in "},
                      Fault{"Ubsan", "shift", "UBSAN: shift-out-of-bounds in "},
                      Fault{"AtomicSleep", "sleep", "BUG: sleeping function called from invalid context"},
                      Fault{"Lockdep", "lock", "WARNING: possible circular locking dependency detected"},
                      Fault{"Kmemleak", "leak", "vsoc_fault_leak"}),
    [](const auto& info) { return std::string(info.param.name); });

// A kernel that complains by itself would pass all of the above.
TEST(RunDebugTest, NothingIsFoundWhereNothingIs) {
  const Outcome outcome = run_debug("uname -r");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("-debug"), std::string::npos) << outcome.out;
}

TEST(RunDebugTest, AllocationsAndUserCopiesFailOnDemand) {
  // The first of them after asking is one of the shell's own in opening the file.
  const Outcome outcome = run_debug(
      "for kind in failslab fail_page_alloc fail_usercopy; do echo 0 > /sys/kernel/debug/$kind/verbose; done;"
      "echo N > /sys/kernel/debug/failslab/ignore-gfp-wait;"
      "exec 3> /proc/self/fail-nth;"
      ": < /etc/passwd;"
      "if echo 1 >&3 && : < /etc/passwd; then exit 1; fi");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err, "");  // the shell says why it could not
}

}  // namespace
}  // namespace qtee::vsoc::test
